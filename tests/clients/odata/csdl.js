/* Validates XML documents, a JSON list on standard input, against the OASIS schemas of CSDL, and says what is wrong.
 *
 * One that is valid is read as well by the converter of those who wrote the schemas, which says what is in it.
 */
const { readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { xml2json } = require("odata-csdl");
const { validateXML } = require("xmllint-wasm");

const schemas = join(dirname(require.resolve("odata-csdl/package.json")), "schemas");
const named = (fileName) => ({ fileName, contents: readFileSync(join(schemas, fileName), "utf-8") });

/** The entity sets of a document, with the keys and the properties of their entities. */
function converted(contents) {
  const messages = [];
  const { $EntityContainer: container, ...csdl } = xml2json(contents, { messages, strict: true });
  const [namespace, name] = container.split(".");
  const sets = Object.entries(csdl[namespace][name]).filter(([, one]) => one.$Collection);
  const entities = sets.map(([set, one]) => {
    const { $Kind, $Key, ...properties } = csdl[namespace][one.$Type.split(".")[1]];
    return [set, { key: $Key, properties: Object.keys(properties) }];
  });
  return { messages: messages.map((one) => one.message), sets: Object.fromEntries(entities) };
}

async function judged(contents) {
  const xml = [{ fileName: "metadata.xml", contents }];
  const said = await validateXML({ xml, schema: [named("edmx.xsd")], preload: [named("edm.xsd")] });
  const errors = said.errors.map((one) => one.message);
  return said.valid ? { errors, ...converted(contents) } : { errors };
}

async function main() {
  const documents = JSON.parse(readFileSync(0, "utf-8"));
  console.log(JSON.stringify(await Promise.all(documents.map(judged))));
}

void main();
