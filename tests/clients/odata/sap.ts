/* Reads the feed through the client that the SAP Cloud SDK generated, and says what it found.
 *
 * Usage: node sap.js ROOT, with the key on standard input.
 */
import { readFileSync } from "node:fs";
import { asc, desc } from "@sap-cloud-sdk/odata-v4";
import { pouls } from "./generated/pouls/service";

const root = new URL(process.argv[2]!);
const { scoresApi } = pouls();
const { STATUS, MEAN, UNIT, MEASURE } = scoresApi.schema;
const destination = {
  url: root.origin,
  authentication: "BasicAuthentication" as const,
  username: "bi",
  password: readFileSync(0, "utf-8").trim(),
};

async function main(): Promise<void> {
  const builder = scoresApi.requestBuilder();
  const asked = builder.getAll().filter(STATUS.equals("published"), MEAN.greaterOrEqual(2.5));
  const count = await asked.count().setBasePath(root.pathname).execute(destination);
  const ordered = asked.orderBy(desc(MEAN), asc(UNIT), asc(MEASURE));
  const rows = await ordered.setBasePath(root.pathname).execute(destination);
  const id: string = rows[0]!.id;
  const one = await builder.getByKey(id).setBasePath(root.pathname).execute(destination);
  // A column that may be empty must be known as such, and a time as one: this compiles for nothing else.
  const mean: number | null | undefined = one.mean;
  console.log(
    JSON.stringify({
      rows: rows.map((row) => [row.unit, row.measure, row.mean, row.nFrom]),
      count,
      one: [id, mean, one.releasedAt.toISOString()],
    }),
  );
}

void main();
