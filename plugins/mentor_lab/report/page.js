"use strict";
/* Browses the episodes. Texts go into the page as text, never as HTML. */

const PAGE = 50;
const MARKS = { won: "✓", lost: "✗", error: "!", unverified: "?" };
const state = { data: null, found: [], page: 0, current: -1, view: "text" };

/* Episodes: which --------------------------------------------------------------------------- */

function result(episode) {
  if (episode.end === "error") return "error";
  if (episode.outcome === null) return "unverified";
  return episode.outcome >= 1 ? "won" : "lost";
}

function haystack(episode) {
  if (episode.haystack === undefined) {
    const turns = episode.played.turns.flatMap((turn) => [turn.text, ...turn.observation.map((m) => m.text), ...turn.calls.map((c) => c.failure || "")]);
    const texts = [episode.id, episode.task, episode.env, episode.end, episode.error, episode.played.answer, ...episode.prompt.map((m) => m.text), ...turns];
    episode.haystack = texts.filter(Boolean).join("\n").toLowerCase();
  }
  return episode.haystack;
}

function filter() {
  const [wanted, part, run] = ["result", "part", "run"].map((id) => $(id).value);
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = state.data.episodes[state.found[state.current]];
  state.found = [];
  state.data.episodes.forEach((episode, index) => {
    if (wanted && wanted !== result(episode) && wanted !== episode.change) return;
    if ((part && part !== episode.part) || (run && run !== String(episode.run))) return;
    if (words.length && !words.every((word) => haystack(episode).includes(word))) return;
    state.found.push(index);
  });
  const again = state.found.findIndex((index) => state.data.episodes[index] === chosen);
  state.page = 0;
  state.current = -1;
  if (state.found.length) show(Math.max(again, 0), false);
  else { list(); $("detail").replaceChildren(make("p", { className: "note" }, "No episode is all that the filters ask for.")); }
}

function list() {
  const { found, page, current } = state;
  const pages = Math.max(Math.ceil(found.length / PAGE), 1);
  $("count").textContent = `${found.length} of ${state.data.episodes.length} episodes`;
  $("page").textContent = `${page + 1} / ${pages}`;
  $("earlier").disabled = page === 0;
  $("later").disabled = page + 1 >= pages;
  $("list").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((index, i) => {
    const episode = state.data.episodes[index];
    const at = page * PAGE + i;
    const how = result(episode);
    const place = [state.data.runs.length > 1 ? state.data.runs[episode.run] : "", episode.step === null ? episode.part : `step ${episode.step}`, episode.change].filter(Boolean);
    const button = make("button", { type: "button", onclick: () => show(at) },
      make("span", { className: how, role: "img", "aria-label": how }, MARKS[how]),
      make("span", { className: "task" }, episode.task),
      make("span", {}, episode.reward === null ? "" : episode.reward.toFixed(2)),
      make("small", {}, place.join(" · ")));
    button.setAttribute("aria-current", String(at === current));
    return make("li", {}, button);
  }));
}

function show(at, asked = true) {
  const episode = state.data.episodes[state.found[at]];
  if (!episode) return;
  state.current = at;
  state.page = Math.floor(at / PAGE);
  list();
  const button = $("list").children[at % PAGE].firstChild;
  const box = $("list");
  const top = button.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + button.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top - 60;
  $("detail").replaceChildren(...detail(episode));
  if (asked) history.replaceState(null, "", link(episode));
}

const name = (episode) => (state.data.runs.length > 1 ? `${state.data.runs[episode.run]}/` : "") + episode.id;
const link = (episode) => `#episode=${encodeURIComponent(name(episode))}`;

/* Episodes: one ------------------------------------------------------------------------------ */

function detail(episode) {
  const how = result(episode);
  const teacher = episode.teacher === null ? null : state.data.teachers[episode.teacher];
  const facts = [
    ["part", episode.part], ["step", episode.step], ["group", episode.group], ["ended", episode.end],
    ["outcome", episode.outcome === null ? "not verified" : episode.outcome],
    ["reward", episode.reward === null ? "not scored" : episode.reward], ["answer", episode.played.answer],
    ["turns of a teacher before", episode.replayed || null],
  ].filter(([, value]) => value !== null);
  const tokens = episode.played.turns.some((turn) => turn.tokens);
  const views = tokens ? { text: "text", logprob: "tokens by log-probability", advantage: "tokens by advantage" } : { text: "text" };
  if (!(state.view in views)) state.view = "text";
  const select = make("select", { onchange: () => { state.view = select.value; show(state.current, false); } },
    ...Object.entries(views).map(([value, label]) => make("option", { value, selected: value === state.view }, label)));
  const readout = make("div", { className: "readout", role: "status" });
  return [
    make("div", { className: "heading" },
      make("h3", {}, episode.task),
      make("span", { className: `tag ${how}` }, how === "unverified" ? "not verified" : how),
      episode.change ? make("span", { className: "tag" }, episode.change) : null,
      make("a", { href: link(episode) }, "link to this episode")),
    make("p", { className: "meta" }, ...facts.map(([key, value]) => make("span", {}, `${key} `, make("b", {}, String(value).replaceAll("_", " "))))),
    episode.error ? make("p", { className: "flag" }, episode.error) : null,
    ...episode.prompt.map((message) => prompt(message)),
    tokens ? make("p", { className: "note" }, make("label", {}, "Show ", select), legend(episode)) : make("p", { className: "note" }, state.data.withoutTokens[episode.run] || "The episode has no record of tokens."),
    turns(episode, teacher, readout),
    scores(episode),
    readout,
  ].filter(Boolean);
}

function prompt(message) {
  const text = make("div", { className: "text prompt" }, message.text);
  return message.role === "user" ? text : make("details", {}, make("summary", {}, message.role), text);
}

function legend(episode) {
  if (state.view === "text") return "";
  const how = state.view === "logprob" ? " The stronger the colour, the less likely the token was." : " Blue: pushed up, orange: pushed down.";
  const kept = episode.played.turns.some((t) => t.tokens && t.tokens.advantage.length);
  const none = state.view === "advantage" && !kept ? " No advantages were kept of this episode." : "";
  return how + none + (episode.trained ? " Dotted underline: trained on." : " Not trained on.");
}

function turns(episode, teacher, readout) {
  const sides = [["student", episode.played], ...(teacher ? [[teacher.source, teacher]] : [])];
  const grid = make("div", { className: `turns${teacher ? "" : " alone"}` });
  for (const [label, played] of sides) {
    const outcome = played.outcome === null ? "not verified" : `outcome ${played.outcome}`;
    grid.append(make("div", { className: "side" }, label, " ", make("small", {}, `${String(played.end).replaceAll("_", " ")}, ${outcome}`)));
  }
  const most = Math.max(...sides.map(([, played]) => played.turns.length));
  for (let index = 0; index < most; index++) {
    for (const [label, played] of sides) grid.append(turn(played.turns[index], index, label, episode, readout));
  }
  if (!teacher) grid.append(make("p", { className: "note" }, "There is no reference of this task."));
  return grid;
}

function turn(turn, index, label, episode, readout) {
  if (!turn) return make("div", {});
  const flags = [turn.parse_failure, ...turn.calls.map((call) => call.failure && `${call.name}: ${call.failure}`)].filter(Boolean);
  const shown = turn.tokens && state.view !== "text" && label === "student";
  const differs = label === "student" && episode.differs === index + 1;
  return make("div", { className: differs ? "turn differs" : "turn" },
    make("small", {}, `${label}, turn ${index + 1}`),
    shown ? tokenText(turn.tokens, episode, readout) : make("div", { className: "text" }, turn.text + (turn.complete ? "" : " … (cut off)")),
    flags.length ? make("div", { className: "flag" }, flags.join(", ").replaceAll("_", " ")) : null,
    differs ? make("div", { className: "flag" }, "the first turn whose calls are not the teacher's") : null,
    ...turn.observation.map((m) => make("div", { className: `text result${turn.calls.some((c) => c.failure) ? " failed" : ""}` }, `→ ${m.text}`)));
}

function tokenText(tokens, episode, readout) {
  const box = make("div", { className: "text tokens", tabIndex: 0, role: "group" });
  box.setAttribute("aria-label", "Tokens; left and right arrow go from token to token");
  const spans = tokens.text.map((text, i) => {
    const span = make("span", {}, text);
    if (tokens.mask[i] === 1 && episode.trained) span.className = "trained";
    if (tokens.mask[i] === 2) span.className = "taught";
    const advantage = tokens.advantage[i] || 0;
    const strength = state.view === "logprob" ? Math.min(-tokens.logprob[i] / 3, 1) : Math.min(Math.abs(advantage) / 2, 1);
    const colour = state.view === "logprob" || advantage < 0 ? "230,120,20" : "0,114,178";
    if (strength > 0.005 && tokens.mask[i] === 1) span.style.background = `rgba(${colour},${(0.12 + 0.5 * strength).toFixed(2)})`;
    return span;
  });
  let chosen = -1;
  const choose = (i) => {
    if (i < 0 || i >= spans.length) return;
    if (chosen >= 0) spans[chosen].classList.remove("chosen");
    chosen = i;
    spans[i].classList.add("chosen");
    readout.textContent = describe(tokens, i, episode);
  };
  box.onmouseover = box.onclick = (event) => choose(spans.indexOf(event.target));
  box.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { choose(Math.max(chosen + step, 0)); event.preventDefault(); }
  };
  box.append(...spans);
  return box;
}

function describe(tokens, i, episode) {
  const logprob = tokens.logprob[i];
  const facts = [`token ${i + 1} ${JSON.stringify(tokens.text[i])}`];
  if (tokens.mask[i] === 1) facts.push(`log-probability ${logprob.toFixed(3)} (${(100 * Math.exp(logprob)).toFixed(1)} %)`);
  if (tokens.advantage.length) facts.push(`advantage ${tokens.advantage[i] > 0 ? "+" : ""}${tokens.advantage[i].toFixed(3)}`);
  if (tokens.mask[i] === 2) facts.push("written by a teacher");
  else facts.push(episode.trained ? "trained on" : "sampled, not trained on");
  return facts.join(" · ");
}

function scores(episode) {
  const rows = episode.played.scores.map(({ term, score, why }) => {
    const meter = make("span", { className: "meter" }, make("i", { style: `width:${100 * Math.min(Math.max(score || 0, 0), 1)}%` }));
    const [first, ...more] = why;
    const reasons = !why.length ? "not explained here" : more.length ? make("details", {}, make("summary", {}, first), make("ul", {}, ...more.map((line) => make("li", {}, line)))) : first;
    return make("tr", {}, make("th", { scope: "row" }, term), make("td", {}, score === null ? "not scored" : meter, score === null ? "" : score.toFixed(2)), make("td", {}, reasons));
  });
  if (!rows.length) return make("p", { className: "note" }, "No term has scored this episode.");
  const head = make("tr", {}, ...["term", "score", "why"].map((text) => make("th", { scope: "col" }, text)));
  return make("div", { className: "scroll scores" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

/* Links and keys ------------------------------------------------------------------------------ */

function followLink() {
  const asked = /^#episode=(.+)$/.exec(location.hash);
  if (!asked) return;
  const wanted = decodeURIComponent(asked[1]);
  const index = state.data.episodes.findIndex((episode) => name(episode) === wanted);
  if (index < 0) {
    $("problem").hidden = false;
    $("problem").textContent = `The episode ${wanted} is not on this page. The run's directory has all episodes.`;
    return;
  }
  for (const id of ["search", "result", "part", "run"]) $(id).value = "";
  filter();
  show(state.found.indexOf(index), false);
  $("episodes").scrollIntoView();
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing) return;
  if (event.key === "j") show(Math.min(state.current + 1, state.found.length - 1));
  else if (event.key === "k") show(Math.max(state.current - 1, 0));
  else if (event.key === "t") { state.view = state.view === "text" ? "logprob" : state.view === "logprob" ? "advantage" : "text"; show(state.current, false); }
  else if (event.key === "/") { $("episodes").scrollIntoView(); $("search").focus(); event.preventDefault(); }
}

function turnPage(by) { state.page += by; list(); }

function fill(id, options) { $(id).append(...options.map(([value, label]) => make("option", { value }, label))); }

document.addEventListener("themed", () => {
  if (state.current >= 0 && state.view !== "text") show(state.current, false);
});

openPage((data) => {
  state.data = data;
  fill("part", [...new Set(state.data.episodes.map((episode) => episode.part))].map((part) => [part, part]));
  fill("run", state.data.runs.map((run, index) => [String(index), run]));
  $("of-run").hidden = state.data.runs.length < 2;
  for (const id of ["result", "part", "run"]) $(id).onchange = filter;
  $("search").oninput = filter;
  $("earlier").onclick = () => turnPage(-1);
  $("later").onclick = () => turnPage(1);
  addEventListener("keydown", keys);
  addEventListener("hashchange", followLink);
  filter();
  followLink();
});
