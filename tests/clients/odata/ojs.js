/* Reads the feed with o.js, as a script of a page would, and says what it found.
 *
 * Usage: node ojs.js ROOT PAGE, with the key on standard input; PAGE is how many rows it would rather have at once.
 */
const { readFileSync } = require("node:fs");
const { o } = require("odata");

const [root, size] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${readFileSync(0, "utf-8").trim()}` };
const feed = o(root, { headers });
const inPages = o(root, { headers: { ...headers, Prefer: `odata.maxpagesize=${size}` } });

/** All rows, page after page, and how many rows each page had. */
async function walked(name, query) {
  const rows = [];
  const pages = [];
  for (let next = name; next !== undefined; query = {}) {
    const page = await (await inPages.get(next).fetch(query)).json();
    rows.push(...page.value);
    pages.push(page.value.length);
    next = page["@odata.nextLink"];
  }
  return { rows, pages };
}

/** What is said to a request that must be refused. */
async function refused(asked) {
  try {
    await asked();
  } catch (response) {
    return { status: response.status, version: response.headers.get("odata-version"), ...(await response.json()) };
  }
  throw new Error("not refused");
}

async function main() {
  const sets = (await feed.get().query()).map((one) => one.name);
  const every = {};
  for (const name of sets) every[name] = await walked(name); // one after the other: a handler holds one request
  const id = every.Scores.rows.at(-1).Id;
  const filter = "Status eq 'published' and Mean ge 2.5 and contains(UnitName,'«')";
  console.log(
    JSON.stringify({
      sets,
      walked: every,
      falling: await walked("Scores", { $orderby: "Mean desc,Unit", $select: "Id,Mean,Unit" }),
      kept: await feed.get("Scores").query({ $filter: filter }),
      best: await feed.get("Scores").query({ $orderby: "Mean desc,Unit,Measure", $top: 3, $skip: 1 }),
      counted: await feed.get("Scores/$count").query({ $filter: "Status eq 'published'" }),
      one: await feed.get(`Scores('${id}')`).query({ $select: "Id,Mean" }),
      unknown: await refused(() => feed.get("Scores").query({ $filter: "Meen ge 2.5" })),
      absent: await refused(() => feed.get("Scores('absent')").query()),
      stranger: await refused(() => o(root).get("Scores").query()),
    }),
  );
}

void main();
