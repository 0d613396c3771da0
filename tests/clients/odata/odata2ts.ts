/* Reads the feed through the client that odata2ts generated, and says what it found.
 *
 * Usage: node odata2ts.js ROOT, with the key on standard input.
 */
import { readFileSync } from "node:fs";
import { FetchClient } from "@odata2ts/http-client-fetch";
import { poulsService } from "./generated/poulsService";
import type { Score } from "./generated/poulsModel";

const headers = { Authorization: `Bearer ${readFileSync(0, "utf-8").trim()}` };
// It puts a slash of its own behind the root.
const service = new poulsService(new FetchClient({ headers }), process.argv[2]!.replace(/\/$/, ""));

async function main(): Promise<void> {
  const asked = await service
    .Scores()
    .query((query, score) =>
      query
        .filter(score.Status.eq("published"), score.Mean.ge(2.5))
        .orderBy(score.Mean.desc(), score.Unit.asc(), score.Measure.asc())
        .count(),
    );
  const { value: rows, "@odata.count": count } = asked.data;
  const id: string = rows[0]!.Id;
  const one: Score = (await service.Scores(id).query()).data;
  // A column that may be empty must be known as such, and a time is text: this compiles for nothing else.
  const mean: number | null = one.Mean;
  const released: string = one.ReleasedAt;
  console.log(
    JSON.stringify({
      rows: rows.map((row) => [row.Unit, row.Measure, row.Mean, row.NFrom]),
      count: Number(count),
      one: [id, mean, new Date(released).toISOString()],
    }),
  );
}

void main();
