/* An HRIS that uses the types generated from openapi.json: connects people, prepares a campaign, reads back.
 *
 * Usage: node journey.js URL, with a line of JSON on standard input that has a key for each scope.
 */
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./api";

const url = process.argv[2]!;
const keys = JSON.parse(readFileSync(0, "utf-8")) as Record<string, string>;
const client = (scope: string) =>
  createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${keys[scope]}` } });

/** The data of an answer that must be a success. */
function good<T>(answer: { data?: T; response: Response }): T {
  if (answer.data === undefined) throw new Error(`status ${answer.response.status}`);
  return answer.data;
}

async function main(): Promise<void> {
  const hris = client("people:write");
  const values = [{ id: "lyon", label: { fr: "Lyon" } }, { id: "paris", label: { fr: "Paris" } }];
  good(await hris.PUT("/v1/dimensions", { body: [{ name: "site", values }] }));
  const units = good(
    await hris.PUT("/v1/org-units", {
      body: [{ external_id: "TOP", name: "Company" }, { external_id: "A", name: "Sales", parent: "TOP" }],
    }),
  );
  const body = Array.from({ length: 12 }, (_, number) => ({ external_id: `E${number}`, unit: "A" }));
  const people = good(await hris.PUT("/v1/people", { body }));
  const again = good(await hris.PUT("/v1/people", { body }));
  const refused = await hris.PUT("/v1/people", { body: [{ external_id: "X", unit: "nowhere" }] });
  const listed = good(await hris.GET("/v1/org-units"));

  const copied = good(
    await client("questionnaires:write").POST("/v1/catalogue/{key}/copy", { params: { path: { key: "team_temperature" } } }),
  );
  const campaigns = client("campaigns:write");
  const campaign = good(
    await campaigns.POST("/v1/campaigns", {
      body: { name: "Pulse", questionnaire: copied.key, audience: { units: ["TOP"] } },
    }),
  );
  const forecast = good(
    await campaigns.POST("/v1/campaigns/{campaign_id}/forecast", { params: { path: { campaign_id: campaign.id } } }),
  );
  const admin = client("admin");
  const made = good(await admin.POST("/v1/api-keys", { body: { name: "BI", scopes: ["aggregates:read"] } }));
  const names = good(await admin.GET("/v1/api-keys")).map((key) => key.name);

  console.log(
    JSON.stringify({
      units: units.created,
      people: people.created,
      unchanged: again.unchanged,
      refused: [refused.error?.status, refused.error?.errors?.[0]?.["pointer"]],
      listed: listed.data.map((unit) => unit.external_id).sort(),
      state: campaign.state,
      invited: forecast.invited,
      key: made.key.slice(0, 6),
      named: names.includes("BI"),
    }),
  );
}

void main();
