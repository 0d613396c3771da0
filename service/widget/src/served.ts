// Where the service is, by the address that the browser had this script from: `https://host/widget/pouls.js`.

export const servedFrom: string | null = base(document.currentScript);

function base(script: unknown): string | null {
  if (!(script instanceof HTMLScriptElement)) return null;
  const at = script.src.lastIndexOf("/widget/");
  return at < 0 ? null : script.src.slice(0, at);
}
