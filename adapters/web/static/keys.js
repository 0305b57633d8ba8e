/* Single keys on the list: / search, j k move, x pick, r retry, e reject, ? help. The page works without them. */
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("table.items tbody tr")];
  let here = null;
  const current = () => (here && document.getElementById(here)) || null;

  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.min(Math.max(at < 0 ? 0 : at + by, 0), all.length - 1)];
    all.forEach((row) => row.classList.toggle("here", row === next));
    here = next.id;
    const link = next.querySelector("th a");
    if (link) link.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const press = (selector) => {
    const found = current() && current().querySelector(selector);
    if (found && !found.disabled) found.click();
  };

  const help = () => {
    const box = document.getElementById("keys");
    box.open = !box.open;
    box.querySelector("summary").focus();
  };

  const acts = {
    "/": () => document.getElementById("q").focus(),
    j: () => move(1),
    k: () => move(-1),
    x: () => press("input[name=item]"),
    r: () => press("[data-key=r]"),
    e: () => press("[data-key=e]"),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const inside = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    const act = inside ? null : acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
