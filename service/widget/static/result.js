"use strict";(()=>{function O(e,n){customElements.get(e)||customElements.define(e,n)}var{apply:v,ownKeys:re}=Reflect,{create:_,defineProperty:ae,freeze:oe,hasOwn:se,setPrototypeOf:ie}=Object,{isInteger:le}=Number,{exec:L}=RegExp.prototype,ue=RegExp.prototype[Symbol.replace],{isArray:ce}=Array,{parse:de,stringify:me}=JSON,{addEventListener:pe,removeEventListener:he}=EventTarget.prototype,l=globalThis,ge=l.fetch.bind(l),fe=l.setTimeout.bind(l),be=l.clearTimeout.bind(l),ve=l.crypto.getRandomValues.bind(l.crypto),ye=l.btoa.bind(l),we=l.atob.bind(l),xe=l.performance.now.bind(l.performance),{now:ke}=Date,Te=Response.prototype.text,Se=l.Element?.prototype.attachShadow;function g(e){if(typeof e!="object"||e===null)return e;let n=ce(e)?ie([],null):_(null),t=re(e);for(let r=0;r<t.length;r+=1){let a=t[r];a!=="length"&&(n[a]=g(e[a]))}return n}var c=oe({fetch:(e,n,t)=>{let r=g(n);return r.signal=t,ge(e,r)},text:e=>v(Te,e,[]),parse:e=>de(e),stringify:e=>me(g(e)),nothing:()=>_(null),isInteger:e=>le(e),match:(e,n)=>v(L,n,[e]),replace:(e,n,t)=>v(ue,ae(n,"exec",g({value:L})),[e,t]),closedRoot:e=>v(Se,e,[g({mode:"closed"})]),own:(e,n)=>se(e,n),randomBytes:e=>ve(new Uint8Array(e)),base64:e=>ye(e),bytes:e=>we(e),setTimeout:(e,n)=>fe(e,n),clearTimeout:e=>be(e),now:()=>ke(),elapsed:()=>xe(),URL:l.URL,AbortController:l.AbortController,online:()=>l.navigator?.onLine!==!1,listen:(e,n,t,r={})=>(v(pe,e,[n,t,g(r)]),()=>v(he,e,[n,t,g(r)]))});var Re=2e4,Ee=/^urn:pouls:problem:([a-z0-9-]+)$/;async function W(e,n={}){let t=new c.AbortController,r=c.setTimeout(()=>t.abort(),Re);try{let a=await c.fetch(e,Me(n),t.signal),o=await c.text(a);return a.ok?{ok:!0,value:c.parse(o)}:{ok:!1,refusal:ze(a,o)}}catch{return{ok:!1,refusal:{kind:"unknown"}}}finally{c.clearTimeout(r)}}function Me({body:e,token:n,kept:t=!1}){let r={Accept:"application/json"};return n!==void 0&&(r.Authorization=`Bearer ${n}`),e!==void 0&&(r["Content-Type"]="application/json"),{method:e===void 0?"GET":"POST",headers:r,...e===void 0?{}:{body:c.stringify(e)},mode:"cors",credentials:"omit",referrerPolicy:"no-referrer",redirect:"error",cache:t?"default":"no-store"}}function ze(e,n){let t=Pe(n),r=typeof t.type=="string"?t.type:"",a=Array.isArray(t.errors)?t.errors:[];return{kind:"problem",slug:Ee.exec(r)?.[1]??"",status:e.status,retryAfter_s:Ae(e.headers.get("Retry-After")),pointers:a.map(o=>o?.pointer).filter(o=>typeof o=="string"),detail:typeof t.detail=="string"?t.detail:null}}function Pe(e){try{let n=c.parse(e);return typeof n=="object"&&n!==null?n:{}}catch{return{}}}function Ae(e){if(e===null)return null;if(/^\d+$/.test(e))return Number(e);let n=Date.parse(e);return Number.isNaN(n)?null:Math.max(0,Math.ceil((n-c.now())/1e3))}function $(e,n,t){let r=Object.entries(n).filter(([,a])=>a!==null).map(([a,o])=>`${a}=${encodeURIComponent(String(o))}`).join("&");return W(`${e.replace(/\/+$/,"")}/v1/aggregates/trend?${r}`,{token:t})}var I=`
button, input { font: inherit; }
button { color: inherit; cursor: pointer; }
.main, .second {
  min-block-size: 48px; padding: 0.625em 1.5em; border-radius: var(--small); border: 2px solid var(--accent);
  font-weight: 600;
}
.main { background: var(--accent); color: var(--on-accent); }
.second { background: none; color: var(--accent); border-color: transparent; }
.second:hover { background: var(--tint); }
.main:hover { box-shadow: inset 0 0 0 100px rgb(0 0 0 / 0.1); }
[aria-disabled="true"] { cursor: default; opacity: 0.6; }
.quiet {
  min-block-size: 44px; min-inline-size: 44px; padding: 0.25em 0.75em; border: 0; background: none;
  color: var(--accent); border-radius: var(--small); font-size: 0.9375em; font-weight: 550;
  text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 0.25em;
}
.quiet:hover { background: var(--tint); }
.square {
  display: grid; place-items: center; flex: none; inline-size: 44px; block-size: 44px; padding: 0;
  border: 1px solid var(--edge); border-radius: var(--small); background: none; color: var(--accent);
}
.square:hover { background: var(--tint); }
.actions { display: flex; flex-wrap: wrap; flex-direction: row; gap: 0.5em; margin-block-start: 2em; }
@container (max-width: 29.99em) { .actions { flex-direction: column; } }
.choice {
  position: relative; display: flex; align-items: flex-start; gap: 0.75em; min-block-size: 48px; inline-size: 100%;
  padding: 0.6875em 0.875em; border: 1px solid var(--edge); border-radius: var(--small); cursor: pointer;
  text-align: start; background: none;
}
.choice > span { flex: 1; min-inline-size: 0; }
.choice:hover { background: var(--wash); }
.choice input {
  flex: none; inline-size: 1.25em; block-size: 1.25em; margin: 0.125em 0 0; accent-color: var(--accent);
}
.choice:has(:checked) {
  border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--tint);
}
.choice:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.choice input:focus-visible { outline-offset: 1px; }
.refuse { border-style: dashed; margin-block-start: 0.25em; }
.refuse:has(:checked) { border-style: solid; }
.clear { align-self: flex-start; margin-block: -0.25em -1.25em; margin-inline-start: -0.75em; }
.add { color: inherit; font: inherit; }
.add svg { color: var(--accent); margin-block-start: 0.125em; }
textarea, input[type="text"] {
  display: block; inline-size: 100%; padding: 0.6875em 0.875em; border: 1px solid var(--edge);
  border-radius: var(--small); background: var(--surface); color: var(--text); font: inherit;
}
textarea { min-block-size: 5.5em; resize: vertical; field-sizing: content; max-block-size: 24em; }
input[type="text"] { min-block-size: 48px; }
input.short { max-inline-size: 10em; font-variant-numeric: tabular-nums; }
input.code {
  max-inline-size: 20em; font: 600 1.375em/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace;
  letter-spacing: 0.06em; text-transform: uppercase;
}
textarea:focus, input[type="text"]:focus { outline: 2px solid var(--accent); outline-offset: 1px; }
[aria-invalid="true"]:is(textarea, input[type="text"]) {
  border-color: var(--error); box-shadow: inset 0 0 0 1px var(--error);
}
summary {
  display: flex; align-items: center; gap: 0.625em; min-block-size: 44px; cursor: pointer; color: var(--accent);
  font-weight: 550; list-style: none; border-radius: var(--small);
}
summary::-webkit-details-marker { display: none; }
summary::before {
  content: ""; flex: none; inline-size: 0.45em; block-size: 0.45em; margin-inline: 0.125em; rotate: -45deg;
  border: solid currentColor; border-width: 0 2px 2px 0;
}
[dir="rtl"] summary::before { rotate: 135deg; }
details[open] > summary::before { rotate: 45deg; }
@media (forced-colors: active) {
  .main, .second { background: ButtonFace; color: ButtonText; border-color: ButtonText; }
}
`;var V=`
  --text: var(--pouls-text, #e6ebf0); --muted: var(--pouls-muted, #a7b3bf); --surface: var(--pouls-surface, #171d24);
  --border: var(--pouls-border, #36414d); --accent: var(--pouls-accent, #8dbdf7);
  --on-accent: var(--pouls-on-accent, #0d1b2c); --error: var(--pouls-error, #ffb0a6);
`,H=`
/* A page's rules for the element win over these, but for what is important here. */
:host {
  all: initial; display: block !important; color-scheme: light dark;
  --text: var(--pouls-text, #1d2733); --muted: var(--pouls-muted, #556270); --surface: var(--pouls-surface, #ffffff);
  --border: var(--pouls-border, #d5dce4); --accent: var(--pouls-accent, #1f5fae);
  --on-accent: var(--pouls-on-accent, #ffffff); --error: var(--pouls-error, #a8261c);
  --radius: var(--pouls-radius, 14px); --small: calc(var(--radius) * 0.6);
  --font: var(--pouls-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  --edge: var(--muted); --tint: transparent; --wash: transparent;
}
:host([hidden]) { display: none !important; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; ${V} }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${V} } }
@supports (color: color-mix(in srgb, red, blue)) {
  :host {
    --edge: color-mix(in srgb, var(--muted) 78%, var(--surface));
    --tint: color-mix(in srgb, var(--accent) 9%, var(--surface));
    --wash: color-mix(in srgb, var(--muted) 7%, var(--surface));
  }
}
@media (prefers-contrast: more) {
  :host {
    --muted: var(--text); --border: var(--text); --edge: var(--text); --tint: transparent; --wash: transparent;
  }
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
/* What a page says of the element itself is inherited, and ends here; so does what it makes of rem. */
.inner {
  all: initial; display: block; container-type: inline-size; font: 400 medium/1.55 var(--font); color: var(--text);
  overflow-wrap: anywhere;
}
.card {
  max-inline-size: 48em; margin-inline: auto; padding: 1.25em 1em; border: 1px solid var(--border);
  border-radius: var(--radius); background: var(--surface);
}
@container (min-width: 30em) { .card { padding: 2em; } }
h1, h2, h3 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
h1, .card > div > div > h2:first-child { font-size: 1.5em; letter-spacing: -0.01em; }
h2 { font-size: 1.125em; }
h3 { font-size: 1em; }
@container (min-width: 30em) { h1 { font-size: 1.75em; } }
/* Headings are focused for those who hear the page; nothing is to be done with them. */
h1:focus, h2:focus, .summary:focus { outline: none; }
:focus-visible:not(h1, h2) { outline: 2px solid var(--accent); outline-offset: 2px; }
p, li, dt, dd, h1, h2, h3, legend, label { unicode-bidi: plaintext; }
[dir="rtl"] :is(p, li, dt, dd, h1, h2, h3, legend) { text-align: right; }
ul, ol { padding-inline-start: 1.25em; }
ul { list-style: disc; }
a { color: var(--accent); text-underline-offset: 0.2em; }
svg {
  inline-size: 1.25em; block-size: 1.25em; flex: none; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round;
}
.prose { white-space: pre-line; }
.hint, .small, .over { color: var(--muted); font-size: 0.9375em; }
.small { font-weight: 600; font-size: 0.875em; }
.heard {
  position: absolute; inline-size: 1px; block-size: 1px; padding: 0; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; border: 0;
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;var Ce=`
.card { padding: 1.25em; }
[role=status]:empty { display: none; }
.loading [role=status] { animation: appear 0s 0.4s backwards; }
@keyframes appear { from { opacity: 0; } }
header { display: flex; flex-direction: column; gap: 0.125em; }
.unit { color: var(--muted); font-size: 0.875em; }
h2 { font-size: 1.0625em; font-weight: 600; }
.figure { margin-block-start: 0.5em; display: flex; flex-wrap: wrap; align-items: baseline; column-gap: 0.625em; }
.figure strong { font-size: 2.5em; font-weight: 650; line-height: 1.15; font-variant-numeric: tabular-nums; }
.figure span, .released, .more, .legend, .ends { color: var(--muted); font-size: 0.875em; }
.withheld {
  margin-block: 0.75em; padding: 0.75em 1em; border-inline-start: 4px solid var(--edge); background: var(--wash);
}
.change { margin-block: 0.75em 0.25em; }
.waves { margin-block-start: 1em; }
.line { display: block; inline-size: 100%; max-inline-size: 34em; block-size: auto; overflow: visible; }
.grid { stroke: var(--border); stroke-width: 1; }
.run { stroke: var(--accent); stroke-width: 2; }
.interval { stroke: var(--accent); stroke-width: 7; opacity: 0.22; }
.hidden { stroke: var(--muted); stroke-width: 2; stroke-dasharray: 0.1 5; }
.tick { fill: var(--muted); stroke: none; font: 12px var(--font); }
.dot { fill: var(--accent); stroke: var(--surface); stroke-width: 1.5; }
.ends { display: flex; justify-content: space-between; max-inline-size: 34em; }
details { margin-block-start: 0.75em; }
table { inline-size: 100%; border-collapse: collapse; font-size: 0.875em; font-variant-numeric: tabular-nums; }
th, td { padding: 0.4em 0.5em; border-block-end: 1px solid var(--border); text-align: start; vertical-align: top; }
th:first-child { padding-inline-start: 0; }
th { font-weight: 550; }
.none { color: var(--muted); font-style: italic; }
.main { margin-block-start: 0.75em; }
@media (forced-colors: active) {
  .line path { stroke: CanvasText; }
  .tick, .dot { fill: CanvasText; }
  .dot { stroke: Canvas; }
  .grid { opacity: 0.4; }
}
@media (prefers-contrast: more) { .interval { opacity: 0.5; } .withheld { border-color: currentColor; } }
`,B=null;function F(){return B??=[H,I,Ce].map(e=>{let n=new CSSStyleSheet;return n.replaceSync(e),n}),B}var j={language:"en",noToken:"This result appears as soon as the page has given you access.",loading:"Loading the result…",nothing:"Nothing has been released yet. The result appears here once a wave has closed and has been released.",expired:"Access to this result has ended. The page can renew it; if nothing happens, load the page again.",unreachable:"The result cannot be reached at the moment.",tryAgain:"Try again",wrong:"This result cannot be shown on this page. Please tell whoever looks after it.",released:"Released on {date}, wave {wave}",onScale:"on a scale from {lowest} to {highest}",enps:"eNPS, from −100 to 100",favourable:"Favourable answers",peopleBetween:"{low} to {high} people answered.",peopleExactly:"{n} people answered.",withheld:"No figure is shown",isProtected:"Too few people answered, or showing it would give a small group away. It says nothing of the answers.",isNotPublished:"The exact figure is not published.",higher:"{size} higher than in wave {wave} (95% interval: {low} to {high}).",lower:"{size} lower than in wave {wave} (95% interval: {low} to {high}).",noChange:"No change since wave {wave} that can be told from chance (difference: {difference}, 95% interval: {low} to {high}).",same:"The same figure as in wave {wave}.",higherPerhaps:"{size} higher than in wave {wave}; whether that is more than chance is not known.",lowerPerhaps:"{size} lower than in wave {wave}; whether that is more than chance is not known.",unchangedBecause:{first:"There is no earlier wave here to compare it with.",withheld:"No change is told, because no figure is shown of this wave or of the one before.",not_comparable:"No change is told, because the two waves did not measure the same thing.",no_mean:"No change is told, because no exact mean is published."},chart:"{name}, wave by wave",chartNote:"A dotted line stands for a wave of which no figure is shown.",table:"The figures, wave by wave",columns:{wave:"Wave",released:"Released",figure:"Figure",interval:"95% interval"},wave:"Wave {number}",hidden:"not shown",none:"–",to:"{low} to {high}",named:"{name}: {value}",between:"; ",percent:"{value}%",decimal:"."};var D={language:"fr",noToken:"Ce résultat s’affiche dès que la page vous en a donné l’accès.",loading:"Chargement du résultat…",nothing:"Rien n’a encore été publié. Le résultat apparaîtra ici une fois qu’une vague sera close et ses résultats publiés.",expired:"L’accès à ce résultat a expiré. La page peut le renouveler ; si rien ne se passe, rechargez-la.",unreachable:"Impossible d’obtenir le résultat pour le moment.",tryAgain:"Réessayer",wrong:"Ce résultat ne peut pas être affiché sur cette page. Prévenez la personne qui s’en occupe.",released:"Publié le {date}, vague {wave}",onScale:"sur une échelle de {lowest} à {highest}",enps:"eNPS, de −100 à 100",favourable:"Réponses favorables",peopleBetween:"Entre {low} et {high} personnes ont répondu.",peopleExactly:"{n} personnes ont répondu.",withheld:"Aucun chiffre n’est affiché",isProtected:"Trop peu de personnes ont répondu, ou ce chiffre en dirait trop sur un petit groupe. Cela ne dit rien des réponses.",isNotPublished:"Le chiffre exact n’est pas publié.",higher:"En hausse de {size} depuis la vague {wave} (intervalle à 95 % : {low} à {high}).",lower:"En baisse de {size} depuis la vague {wave} (intervalle à 95 % : {low} à {high}).",noChange:"Aucun changement depuis la vague {wave} qui se distingue du hasard (écart : {difference} ; intervalle à 95 % : {low} à {high}).",same:"Le même chiffre qu’à la vague {wave}.",higherPerhaps:"{size} de plus qu’à la vague {wave} ; on ne sait pas si cela tient au hasard.",lowerPerhaps:"{size} de moins qu’à la vague {wave} ; on ne sait pas si cela tient au hasard.",unchangedBecause:{first:"Aucune vague antérieure ne permet ici de comparaison.",withheld:"Aucune évolution n’est donnée : cette vague ou la précédente n’a pas de chiffre affiché.",not_comparable:"Aucune évolution n’est donnée : les deux vagues n’ont pas mesuré la même chose.",no_mean:"Aucune évolution n’est donnée : aucune moyenne exacte n’est publiée."},chart:"{name}, d’une vague à l’autre",chartNote:"Un trait en pointillé signale une vague dont aucun chiffre n’est affiché.",table:"Les chiffres, vague par vague",columns:{wave:"Vague",released:"Publiée le",figure:"Chiffre",interval:"Intervalle à 95 %"},wave:"Vague {number}",hidden:"non affiché",none:"–",to:"{low} à {high}",named:"{name} : {value}",between:" ; ",percent:"{value} %",decimal:","};function x(e){return/^fr\b/i.test(e)?D:j}function u(e,n){return e.replace(/\{(\w+)\}/g,(t,r)=>n[r]??t)}var Ne=["index","scale","item"],Oe={at_least:"≥ ",at_most:"≤ "},Le=[-100,100],_e=[0,100];function q(e,n){let t=e.series.filter(r=>r.points.length>0);if(n!==null)return t.find(r=>r.measure===n)??null;for(let r of Ne){let a=t.find(o=>o.kind===r);if(a!==void 0)return a}return null}function G(e,n,t){let r=x(n),a=e.points[e.points.length-1],o=We(e),{name:i,nameLanguage:d}=t===null?De(e,n):{name:t,nameLanguage:null},w=n.split("-")[0]===r.language?n:r.language,p=e.points.map(b=>Ie(b,o,r,w)),te=p.map(b=>u(r.named,{name:b.label,value:b.figure})),R=p[p.length-1]?.value===null?null:M(a,o,r);return{name:i,nameLanguage:d,unit:e.unit_name,released:u(r.released,{date:U(a.released_at,w,"long"),wave:String(a.wave_number)}),figure:R,reason:Ve(a,o,r),scale:R===null?"":He(e,o,r),more:Be(a,o,r),change:R===null?"":Fe(a,r),marks:p,ends:K(e,o),hasIntervals:p.some(b=>b.low!==null),summary:te.join(r.between)}}function We(e){return e.points.some(n=>n.mean!==null)?"mean":e.points.some(n=>k(n,"enps")!==null)?"enps":e.points.some(n=>k(n,"favourable")!==null)?"favourable":"mean"}function T(e,n){return n==="mean"?e:e.shares}function k(e,n){return T(e,n)?.status!=="published"?null:n==="mean"?e.mean:e.shares?.[n]??null}function $e(e,n){return n==="mean"?e.mean_bound:e.shares?.[`${n}_bound`]??null}function M(e,n,t){let r=k(e,n);if(r===null)return null;let a=$e(e,n),o=m(r,t),i=n==="favourable"?u(t.percent,{value:o}):o;return a===null?i:Oe[a]+i}function Ie(e,n,t,r){let a=M(e,n,t),[o,i]=n==="mean"&&a!==null?[e.low,e.high]:[null,null],d=o!==null&&i!==null;return{wave:e.wave_number,value:k(e,n),low:d?o:null,high:d?i:null,label:u(t.wave,{number:String(e.wave_number)}),figure:a??(T(e,n)?.status==="published"?t.none:t.hidden),released:U(e.released_at,r,"medium"),interval:d?u(t.to,{low:m(o,t),high:m(i,t)}):t.none}}function Ve(e,n,t){let r=T(e,n);return r?.status==="withheld"&&r.reason==="protected"?t.isProtected:t.isNotPublished}function He(e,n,t){if(n!=="mean")return t[n];let r=K(e,n);return r===null?"":u(t.onScale,{lowest:m(r[0],t),highest:m(r[1],t)})}function K(e,n){if(n==="enps")return Le;if(n==="favourable")return _e;let{lowest:t,highest:r}=e;return t===null||r===null?null:[t,r]}function Be(e,n,t){let r=T(e,n),a=[];for(let[d,w]of[["enps",t.enps],["favourable",t.favourable]]){let p=d===n?null:M(e,d,t);p!==null&&a.push(u(t.named,{name:w,value:p}))}if(r?.status!=="published"||r.n_from===null||r.n_to===null)return a;let[o,i]=[String(r.n_from),String(r.n_to)];return[...a,u(o===i?t.peopleExactly:t.peopleBetween,{n:o,low:o,high:i})]}function Fe(e,n){return e.change!==null?je(e.change,n):e.no_change===null?"":n.unchangedBecause[e.no_change]}function je(e,n){let{difference:t,low:r,high:a}=e,o={wave:String(e.since_wave),size:m(Math.abs(t),n)};if(r===null||a===null)return t===0?u(n.same,o):u(t>0?n.higherPerhaps:n.lowerPerhaps,o);let i={...o,difference:E(t,n),low:E(r,n),high:E(a,n)};return r<=0&&a>=0?u(n.noChange,i):u(t>0?n.higher:n.lower,i)}function De(e,n){let t=new Map(Object.entries(e.text??{})),r=n.split("-")[0]??n,a=[...t.keys()].sort(),o=[n,r,...a.filter(i=>i.split("-")[0]===r),"en",...a];for(let i of o){let d=t.get(i);if(d!==void 0)return{name:d,nameLanguage:i}}return{name:e.measure.replace(/_/g," "),nameLanguage:null}}function m(e,n){return String(e).replace(".",n.decimal).replace("-","−")}function E(e,n){return(e>0?"+":"")+m(e,n)}function U(e,n,t){let r=new Date(e);try{return new Intl.DateTimeFormat(n,{dateStyle:t}).format(r)}catch{return new Intl.DateTimeFormat("en",{dateStyle:t}).format(r)}}function s(e,n={},...t){let r=document.createElement(e);for(let[a,o]of Object.entries(n))typeof o=="function"?c.listen(r,a.slice(2),o):z(r,a,o);return r.append(...Y(t)),r}function z(e,n,t){t===!1||t===null||t===void 0?e.removeAttribute(n):e.setAttribute(n,t===!0?"":`${t}`)}function P(e,...n){e.replaceChildren(...Y(n))}function Y(e){return e.filter(n=>n!=null&&n!==!1)}var C=288,y=120,h=14,A=34,qe=3.5,Ge="http://www.w3.org/2000/svg";function J(e,n){let t=Xe(e),r=u(n.named,{name:u(n.chart,{name:e.name}),value:e.summary});return f("svg",{viewBox:`0 0 ${C} ${y}`,role:"img","aria-label":r,class:"line"},...[h,y/2,y-h].map(a=>Ke(a)),...Ue(e,n),...t.flatMap(a=>Qe(a,e)),...Ye(t).map(a=>f("path",{class:"run",d:`M${a.map(({x:o,y:i})=>`${o} ${i}`).join("L")}`})),...t.map(a=>Je(a)))}function Ke(e){return f("path",{class:"grid",d:`M${A-h} ${e}H${C}`})}function Ue(e,n){if(e.ends===null)return[];let t=N(e);return e.ends.map(r=>f("text",{x:0,y:t(r)+4,class:"tick"},m(r,n)))}function Ye(e){let n=[[]];for(let t of e)t.y===null?n.push([]):n[n.length-1]?.push(t);return n.filter(t=>t.length>1)}function Je({x:e,y:n}){return n===null?f("path",{class:"hidden",d:`M${e} ${h}V${y-h}`}):f("circle",{class:"dot",cx:e,cy:n,r:qe})}function Qe({mark:e,x:n},t){if(e.low===null||e.high===null)return[];let r=N(t);return[f("path",{class:"interval",d:`M${n} ${r(e.low)}V${r(e.high)}`})]}function Xe(e){let n=N(e),t=e.marks[0]?.wave??0,r=(e.marks[e.marks.length-1]?.wave??0)-t;return e.marks.map(a=>({mark:a,x:Q(A+(r===0?.5:(a.wave-t)/r)*(C-A-h)),y:a.value===null?null:n(a.value)}))}function N(e){let[n,t]=e.ends??Ze(e.marks);return r=>{let a=(Math.min(Math.max(r,n),t)-n)/(t-n);return Q(y-h-a*(y-2*h))}}function Ze(e){let n=e.flatMap(o=>[o.value,o.low,o.high]).filter(o=>o!==null);if(n.length===0)return[0,1];let[t,r]=[Math.min(...n),Math.max(...n)],a=(r-t)/2||1;return[t-a,r+a]}function Q(e){return Math.round(e*10)/10}function f(e,n,...t){let r=document.createElementNS(Ge,e);for(let[a,o]of Object.entries(n))z(r,a,o);return r.append(...t),r}function X(){let e=s("p",{role:"status"}),n=s("div",{});return{all:s("div",{class:"inner card",dir:"ltr",tabindex:-1},e,n),status:e,body:n}}function Z(e,n,t){if(e.all.lang=t.language,e.all.className=`inner card ${n.state}`,n.state==="told"){e.status.textContent="",P(e.body,en(n.told,t));return}e.status.textContent=t[n.state];let r=n.state==="unreachable"&&n.again;P(e.body,r&&s("button",{type:"button",class:"main",onclick:r},t.tryAgain))}function en(e,n){return s("article",{"aria-labelledby":"name"},s("header",{},s("p",{class:"unit",dir:"auto"},e.unit),s("h2",{id:"name",dir:"auto",lang:e.nameLanguage},e.name)),e.figure===null?tn(e,n):nn(e,e.figure),s("p",{class:"released"},e.released),e.change!==""&&s("p",{class:"change"},e.change),...e.more.map(t=>s("p",{class:"more"},t)),e.marks.length>1&&rn(e,n))}function nn(e,n){return s("p",{class:"figure"},s("strong",{},n),e.scale!==""&&s("span",{},` ${e.scale}`))}function tn(e,n){return s("div",{class:"withheld"},s("p",{},s("strong",{},n.withheld)),s("p",{},e.reason))}function rn(e,n){let t=e.marks.some(a=>a.value===null),r=e.marks.some(a=>a.value!==null);return s("div",{class:"waves"},r&&J(e,n),r&&an(e.marks),r&&t&&s("p",{class:"legend"},n.chartNote),s("details",{},s("summary",{},n.table),on(e,n)))}function an(e){let n=[e[0],e[e.length-1]].map(t=>s("span",{},t?.label??""));return s("div",{class:"ends","aria-hidden":"true"},...n)}function on(e,n){let t=[n.columns.wave,n.columns.released,n.columns.figure];e.hasIntervals&&t.push(n.columns.interval);let r=s("tr",{},...t.map(o=>s("th",{scope:"col"},o))),a=[...e.marks].reverse().map(o=>sn(o,e.hasIntervals));return s("table",{},s("thead",{},r),s("tbody",{},...a))}function sn(e,n){return s("tr",{},s("th",{scope:"row"},String(e.wave)),s("td",{},e.released),s("td",{class:e.value===null&&"none"},e.figure),n&&s("td",{},e.interval))}var ee=ln(document.currentScript);function ln(e){if(!(e instanceof HTMLScriptElement))return null;let n=e.src.lastIndexOf("/widget/");return n<0?null:e.src.slice(0,n)}var un=12,cn="pouls_",dn=["api","campaign","unit","measure","waves"],ne=["label","language","theme"],S=class extends HTMLElement{static observedAttributes=[...dn,...ne];#n;#i=X();#t=null;#o={name:"noToken"};#r=0;#l=!1;constructor(){super(),this.#n=c.closedRoot(this),this.#n.adoptedStyleSheets=F(),this.#n.append(this.#i.all)}use(n){if(n.startsWith(cn)){this.#r+=1,this.#t=null,this.#a("wrong","stopped","no-token");return}this.#t=n,this.isConnected&&this.#s()}connectedCallback(){this.#s()}disconnectedCallback(){this.#r+=1}attributeChangedCallback(n,t,r){t===r||!this.isConnected||(ne.includes(n)?this.#u():this.#c())}#c(){this.#l||(this.#l=!0,queueMicrotask(()=>{this.#l=!1,this.isConnected&&this.#s()}))}#s(){this.#r+=1;let n=this.getAttribute("api")||ee,t=this.getAttribute("campaign");n===null?this.#a("wrong","stopped","no-service"):t===null?this.#a("wrong","stopped","no-campaign"):this.#t===null?this.#e({name:this.#o.name==="expired"?"expired":"noToken"}):this.#d(n,t,this.#t,this.#r)}async#d(n,t,r,a){this.#o.name!=="told"&&this.#e({name:"loading"});let o={campaign:t,unit:this.getAttribute("unit"),measure:this.getAttribute("measure"),waves:Number(this.getAttribute("waves"))||un},i=await $(n,o,r);a===this.#r&&(i.ok?this.#e({name:"told",trend:i.value}):this.#m(i.refusal))}#m(n){let{status:t,slug:r}=n.kind==="problem"?n:{status:0,slug:""};t===404?this.#e({name:"nothing"}):t===400||t===422||r==="origin-not-allowed"?this.#a("wrong","stopped",r):t===401||t===403?this.#a("expired","expired",r):this.#e({name:"unreachable"})}#a(n,t,r){t==="expired"&&(this.#t=null),this.#e({name:n}),this.dispatchEvent(new CustomEvent(`pouls:${t}`,{bubbles:!0,composed:!0,detail:{reason:r}}))}#e(n){this.#o=n,this.isConnected&&this.#u()}#u(){let n=this.getAttribute("language")??this.#h(),t=this.#n.activeElement!==null;Z(this.#i,this.#p(n),x(n)),t&&this.#n.activeElement===null&&this.#i.all.focus()}#p(n){let t=this.#o;if(t.name==="unreachable")return{state:"unreachable",again:()=>this.#s()};if(t.name!=="told")return{state:t.name};let r=q(t.trend,this.getAttribute("measure"));return r===null?{state:"nothing"}:{state:"told",told:G(r,n,this.getAttribute("label"))}}#h(){return this.closest("[lang]")?.lang||navigator.language}};O("pouls-result",S);})();
