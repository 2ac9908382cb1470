"use strict";
/* Unpacks a page's data, and draws its figures in the theme's colours. */

const $ = (id) => document.getElementById(id);

/* An element with properties and children; what is no element becomes text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

async function unpack(id) {
  const packed = Uint8Array.from(atob($(id).textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/* Colours ------------------------------------------------------------------------------------ */

const system = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";
try { theme = localStorage.getItem("mentor-theme") || "auto"; } catch { /* files may have none */ }

function applyTheme() {
  const dark = theme === "dark" || (theme === "auto" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").textContent = `Colours: ${theme}`;
  $("theme").setAttribute("aria-label", `Colours: ${theme === "auto" ? "as the system has them" : theme}`);
  if (window.Plotly) {
    for (const plot of document.querySelectorAll(".js-plotly-plot")) colour(plot);
  }
  document.dispatchEvent(new Event("themed"));
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const [text, line, card] = ["--text", "--line", "--card"].map((name) => style.getPropertyValue(name).trim());
  const found = { "font.color": text, "hoverlabel.bgcolor": card, "hoverlabel.font.color": text };
  for (const axis of ["xaxis", "yaxis"]) {
    for (const part of ["gridcolor", "zerolinecolor", "linecolor"]) found[`${axis}.${part}`] = line;
  }
  return found;
}

async function colour(plot) {
  const found = colours();
  await Plotly.relayout(plot, found);
  const bars = plot.data.flatMap((trace, index) => (trace.error_y ? [index] : []));
  if (bars.length) await Plotly.restyle(plot, { "error_y.color": found["font.color"] }, bars);
}

/* Figures ------------------------------------------------------------------------------------ */

const small = (figure) => figure.small && shownTraces(figure).length < 2;
const shownTraces = (figure) => figure.traces.filter((trace) => trace.meta !== "interval");
const height = (figure) => figure.layout.height || (small(figure) ? 210 : figure.small ? 250 : 320);

/* Draw each figure when it comes near: a page of fifty figures opens at once. */
function draw(figures) {
  const waiting = new Map();
  for (const figure of figures) {
    const place = $(`figure-${figure.id}`);
    if (shownTraces(figure).length) {
      place.style.minHeight = `${height(figure)}px`;
      waiting.set(place, figure);
    } else {
      place.style.minHeight = 0;
      place.append(make("p", { className: "note" }, "There is nothing to show."));
    }
  }
  let library = null;
  const load = async () => document.head.append(make("script", { textContent: await unpack("plotly") }));
  const one = async (place) => {
    const figure = waiting.get(place);
    waiting.delete(place);
    watcher.unobserve(place);
    library ??= load();
    await library;
    if (figure) await plot(place, figure);
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) one(entry.target);
  }, { rootMargin: "600px" });
  for (const place of waiting.keys()) watcher.observe(place);
  addEventListener("beforeprint", () => [...waiting.keys()].forEach(one));
  document.documentElement.dataset.ready = "true";
}

async function plot(place, figure) {
  const given = figure.layout;
  const axis = { automargin: true };
  const layout = {
    font: { family: "system-ui, sans-serif", size: figure.small ? 11 : 12 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 45, r: 12, t: 8, b: 40 }, hovermode: "closest", dragmode: false,
    showlegend: !small(figure),
    legend: { orientation: "h", y: figure.small ? -0.35 : -0.22, yanchor: "top", traceorder: "normal" },
    ...given,
    height: height(figure),
    xaxis: { ...axis, ...given.xaxis }, yaxis: { ...axis, ...given.yaxis },
  };
  await Plotly.newPlot(place, figure.traces, layout, { responsive: true, displayModeBar: false });
  await colour(place);
}

/* Opening ------------------------------------------------------------------------------------ */

/* Show the page; `prepare` gets the unpacked data before the figures are drawn. */
async function unpackAndDraw(prepare) {
  applyTheme();
  system.addEventListener("change", applyTheme);
  $("theme").onclick = () => {
    theme = { auto: "light", light: "dark", dark: "auto" }[theme];
    try { localStorage.setItem("mentor-theme", theme); } catch { /* then for this visit only */ }
    applyTheme();
  };
  if (!window.DecompressionStream) throw new Error("this browser is too old to unpack the page; use one from 2023 or later");
  const data = JSON.parse(await unpack("data"));
  if (prepare) prepare(data);
  draw(data.figures);
}

function openPage(prepare) {
  unpackAndDraw(prepare).catch((error) => {
    $("problem").hidden = false;
    $("problem").textContent = `The page cannot be shown in full: ${error.message}`;
    throw error;
  });
}
