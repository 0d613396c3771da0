// Tells stories to the widget's requests, in a page whose clock, network and events are made here:
// `node sending.mjs BUNDLE STORIES`. A story is a list of steps; what happened in it comes back as a list.
import { pathToFileURL } from "node:url";

const settle = globalThis.setImmediate;
const page = { now: 0, wall: 0, timers: [], heard: new Map(), happened: [], online: true, requests: [] };
let timers = 0;

Date.now = () => page.now + page.wall;
performance.now = () => page.now;
globalThis.setTimeout = (run, after) => {
  timers += 1;
  page.timers.push({ number: timers, at: page.now + after, run });
  return timers;
};
globalThis.clearTimeout = (number) => {
  page.timers = page.timers.filter((timer) => timer.number !== number);
};
const { addEventListener, removeEventListener } = EventTarget.prototype;
EventTarget.prototype.addEventListener = function add(type, ...rest) {
  if (this === globalThis) page.heard.set(type, rest[0]);
  else addEventListener.call(this, type, ...rest);
};
EventTarget.prototype.removeEventListener = function remove(type, ...rest) {
  if (this === globalThis) page.heard.delete(type);
  else removeEventListener.call(this, type, ...rest);
};
Object.defineProperty(globalThis, "navigator", { value: { get onLine() { return page.online; } } });
globalThis.fetch = (url, init) =>
  new Promise((resolve, reject) => {
    const { signal, ...given } = init;
    signal.onabort = () => reject(new TypeError("aborted"));
    page.requests.push({ resolve, reject });
    page.happened.push({ fetched: url, with: { ...given, headers: { ...given.headers } } });
  });

const { Api, Sending } = await import(pathToFileURL(process.argv[2]).href);

const settled = () => new Promise((resolve) => settle(resolve));

async function pass(seconds) {
  const until = page.now + 1000 * seconds;
  for (;;) {
    page.timers.sort((one, other) => one.at - other.at);
    const [next] = page.timers;
    if (next === undefined || next.at > until) break;
    page.timers.shift();
    page.now = next.at;
    next.run();
    await settled();
  }
  page.now = until;
}

function begun() {
  Object.assign(page, { now: 1e12, wall: 0, timers: [], happened: [], online: true, requests: [] });
  page.heard.clear();
  const told = { code: "first" };
  const replies = [];
  const submit = (code, nonce, answers) => {
    page.happened.push({ submitted: { code, nonce, answers } });
    return new Promise((resolve) => replies.push(resolve));
  };
  const sending = new Sending({ submit }, () => told.code, (state) => page.happened.push({ state }));
  return { told, replies, sending, api: new Api("https://pouls.example/", "wave") };
}

const steps = {
  send: ({ sending }, answers) => sending.send(answers),
  now: ({ sending }) => sending.now(),
  stop: ({ sending }) => sending.stop(),
  code: ({ told }, code) => { told.code = code; },
  reply: ({ replies }, reply) => replies.shift()(reply),
  wait: (_, seconds) => pass(seconds),
  wall: (_, seconds) => { page.wall += 1000 * seconds; },
  online: (_, is) => {
    page.online = is;
    if (is) page.heard.get("online")?.();
  },
  left: () => page.happened.push({ timers: page.timers.length, listeners: page.heard.size }),
  call: ({ api }, [name, ...given]) => {
    api[name](...given).then((reply) => page.happened.push({ reply }));
  },
  response: (_, { body, ...init }) => page.requests.shift().resolve(new Response(body, init)),
  spy: () => {
    page.seen = [];
    page.stringify = JSON.stringify;
    const spy = (value) => {
      page.seen.push(page.stringify(value));
      return value;
    };
    Object.prototype.toJSON = function toJSON() { return spy({ ...this }); };
    Array.prototype.toJSON = function toJSON() { return spy([...this, "of a list"]); };
    JSON.stringify = (value) => page.stringify(spy(value));
  },
  told: () => {
    delete Object.prototype.toJSON;
    delete Array.prototype.toJSON;
    JSON.stringify = page.stringify;
    page.happened.push({ seen: page.seen });
  },
  fails: () => page.requests.shift().reject(new TypeError("no network")),
};

const stories = [];
for (const story of JSON.parse(process.argv[3])) {
  const actors = begun();
  for (const step of story) {
    for (const [name, given] of Object.entries(step)) await steps[name](actors, given);
    await settled();
  }
  stories.push(page.happened);
}
process.stdout.write(JSON.stringify(stories));
