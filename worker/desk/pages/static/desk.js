"use strict";
/* What only the browser can do: keys before anything else gets them, cells drawn as text, places lit. */
const desk = (() => {
  const COMMANDS = new Set(["a", "r", "s", "x", "u", "U", "n", "j", "k", "/", "?", "i"]);
  let lit = new Set();
  let main = "";

  /* Keys come before there is a connection: what they say goes out once there is, in their order. */
  const untold = [];
  let waiting = 0;
  const tell = (name, told) => {
    untold.push([name, told]);
    send();
  };
  const send = () => {
    clearTimeout(waiting);
    if (!window.did_handshake) waiting = setTimeout(send, 10);
    else while (untold.length) emitEvent(...untold.shift());
  };

  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  };
  const spot = (cell) => `r${cell.node.id}c${cell.column.getColId() === "label" ? -1 : cell.column.getColId()}`;

  /* What a cell shows is made anew only with its data: a double click is lost where its target is exchanged under it,
     and cells are lit by the first half of one. */
  const shows = (draw) =>
    class {
      init(params) {
        this.box = element("div");
        this.refresh(params);
      }
      getGui() {
        return this.box;
      }
      refresh(params) {
        if (params.data !== this.data) draw(this.box, params);
        this.data = params.data;
        return true;
      }
    };
  /* Everything goes in by textContent: what a document prints is never markup. */
  const figure = shows((box, params) => {
    const cell = params.data.cells[Number(params.column.getColId())];
    box.className = "fig";
    box.title = cell.told || cell.shown;
    box.replaceChildren(
      element("span", "fig-value", cell.shown),
      element("span", cell.printed === cell.shown ? "fig-printed fig-same" : "fig-printed", cell.printed),
    );
    if (cell.mark) {
      const mark = element("span", "fig-mark", cell.mark);
      mark.setAttribute("aria-hidden", "true");
      box.append(mark);
    }
    if (cell.told) box.append(element("span", "desk-unseen", `, ${cell.told}`));
  });
  const label = shows((box, params) => {
    const row = params.data;
    box.className = "fig-label";
    const first = element("span", "fig-name");
    if (row.code) first.append(element("span", "fig-code", row.code), " ");
    first.append(row.name);
    first.title = row.name;
    box.replaceChildren(first);
    const under = [row.side, row.printed].filter(Boolean).join(" · ");
    if (under) box.append(element("span", "fig-printed", under));
  });
  const state = (name) => (params) => params.data?.cells[Number(params.column.getColId())]?.state === name;
  const classes = {
    "is-lit": (params) => lit.has(spot(params)),
    "is-main": (params) => main === spot(params),
  };
  for (const name of ["closed", "suspect", "doubtful", "unbound", "changed", "blank"]) classes[`is-${name}`] = state(name);

  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const rowOf = (name) => name.slice(1).split("c")[0];
  const light = (gridId, first, spots, reveal) => {
    const touched = new Set([...lit, main, ...spots, first].filter(Boolean).map(rowOf));
    main = first;
    lit = new Set(spots);
    const api = getElement(gridId)?.api;
    if (api && first && reveal) {
      const column = first.split("c")[1];
      const node = api.getRowNode(rowOf(first));
      if (node) api.ensureNodeVisible(node);
      if (node && column !== "-1") api.ensureColumnVisible(column);
    }
    const rowNodes = [...touched].map((row) => api?.getRowNode(row)).filter(Boolean);
    if (rowNodes.length) api.refreshCells({ rowNodes, force: true, suppressFlash: true });
    mark();
    const place = first && places(first).find((each) => each.getClientRects().length);
    if (place) bring(place);
  };
  /* The grid draws anew what changes its value; marks and printed texts may change without that. */
  const update = (gridId, rows) => {
    const api = getElement(gridId)?.api;
    const done = api?.applyTransaction(rows);
    if (done?.update.length) api.refreshCells({ rowNodes: done.update, force: true, suppressFlash: true });
  };
  const places = (name) => [...document.querySelectorAll(`[data-spot="${CSS.escape(name)}"]`)];
  const mark = () => {
    for (const each of document.querySelectorAll("[data-spot]:is(.is-lit, .is-main)")) each.classList.remove("is-lit", "is-main");
    for (const name of lit) for (const each of places(name)) each.classList.add("is-lit");
    for (const each of main ? places(main) : []) each.classList.add("is-main");
  };
  /* A page that is turned, or text that is drawn anew, comes without its marks. */
  let watched = null;
  const watch = () => {
    const pane = document.querySelector(".desk-source");
    if (pane === watched) return;
    watched = pane;
    if (pane) new MutationObserver(mark).observe(pane, { childList: true, subtree: true });
  };
  /* Only the pane is scrolled; the window stays where it is. */
  const bring = (place) => {
    const pane = place.closest(".desk-scroll");
    if (!pane) return;
    const [inner, outer] = [place.getBoundingClientRect(), pane.getBoundingClientRect()];
    const behavior = still() ? "auto" : "smooth";
    if (inner.top < outer.top + 40 || inner.bottom > outer.bottom - 40)
      pane.scrollBy({ top: inner.top - outer.top - outer.height / 2.6, behavior });
    if (inner.left < outer.left + 60 || inner.right > outer.right - 20)
      pane.scrollBy({ left: inner.left - outer.left - outer.width / 2.6, behavior });
  };
  /* The cell in focus is lit at once; the server then adds what it knows of it. */
  const focused = () => {
    const api = grid()?.api;
    const cell = api?.getFocusedCell();
    if (!cell || cell.rowPinned) return null;
    const node = api.getDisplayedRowAtIndex(cell.rowIndex);
    if (!node) return null;
    const at = spot({ node, column: cell.column });
    light(document.querySelector(".desk-grid"), at, [at], false);
    return at;
  };
  const grid = () => {
    const found = document.querySelector(".desk-grid");
    return found ? getElement(found) : undefined;
  };

  /* Enter in the search goes from match to match; the field keeps the keys. */
  const sought = (cell) => `${cell.shown} ${cell.typed} ${cell.printed}`;
  const matches = (api, words) => {
    const found = [];
    api.forEachNodeAfterFilterAndSort((node) => {
      const { code, name, printed, cells } = node.data;
      const texts = [`${code} ${name} ${printed}`, ...cells.map(sought)];
      texts.forEach((text, at) => {
        if (words.some((word) => text.toLowerCase().includes(word))) found.push(`r${node.id}c${at - 1}`);
      });
    });
    return found;
  };
  const find = (field, back) => {
    const api = grid()?.api;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = api && words.length ? matches(api, words) : [];
    if (!found.length) return;
    const at = found.indexOf(main);
    const next = found[at < 0 ? (back ? found.length - 1 : 0) : (at + (back ? -1 : 1) + found.length) % found.length];
    light(document.querySelector(".desk-grid"), next, [next], true);
    tell("desk-look", next);
  };
  /* Down a row once a figure is entered, never after Escape: the grid's own option goes down after that as well. */
  const further = (by) => {
    const api = grid()?.api;
    const cell = api?.getFocusedCell();
    if (!cell || api.getEditingCells().length) return;
    const row = cell.rowIndex + by;
    if (row < 0 || row >= api.getDisplayedRowCount()) return;
    api.ensureIndexVisible(row);
    api.setFocusedCell(row, cell.column);
  };

  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");
  const open = () => document.querySelector(".q-dialog, .q-menu");
  const step = (by) => {
    const all = [...document.querySelectorAll("[data-doubt]")];
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length].focus();
  };
  /* The first suspect has the keys, unless someone put them elsewhere. */
  const settle = (always) => {
    const here = document.activeElement;
    if (always || !here || here === document.body || here.id === "main") {
      document.querySelector("[data-doubt]")?.focus({ preventScroll: !always });
    }
  };
  /* The grid is made after the page. */
  const begin = (first) => {
    watch();
    if (!first) return settle(false);
    const api = grid()?.api;
    const node = api?.getRowNode(rowOf(first));
    if (!node) return void requestAnimationFrame(() => begin(first));
    const column = first.split("c")[1];
    api.ensureNodeVisible(node, "middle");
    api.setFocusedCell(node.rowIndex, column === "-1" ? "label" : column);
  };
  const keys = (event) => {
    const { key, target } = event;
    if (!document.querySelector(".desk-table") || open() || event.isComposing) return;
    if (typing(target)) {
      if (target.closest(".desk-search")) {
        if (key === "Escape") settle(true);
        else if (key === "Enter") find(target, event.shiftKey);
      } else if (key === "Enter" && target.closest(".ag-cell")) setTimeout(further, 0, event.shiftKey ? -1 : 1);
      return;
    }
    const inGrid = !!target.closest?.(".ag-cell");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const control = (event.ctrlKey || event.metaKey) && !event.altKey;
    let told = "";
    if (plain && COMMANDS.has(key)) told = key;
    else if (plain && !inGrid && /^[1-9]$/.test(key)) told = key;
    else if (plain && key === "Escape") told = key;
    else if (control && key.toLowerCase() === "z") told = event.shiftKey ? "U" : "u";
    else if (control && key.toLowerCase() === "y") told = "U";
    if (!told) return;
    event.preventDefault();
    event.stopPropagation();
    if (told === "j") step(1);
    else if (told === "k") step(-1);
    else if (told === "/") document.querySelector(".desk-search input")?.focus();
    else if (told === "Escape") {
      settle(true);
      tell("desk-key", told);
    } else if (/^[1-9]$/.test(told)) {
      if (!event.repeat) document.querySelectorAll("[data-doubt]")[told - 1]?.click();
    } else if (!event.repeat) tell("desk-key", told);
  };
  document.addEventListener("keydown", keys, true);
  document.addEventListener("click", (event) => {
    const place = event.target.closest?.("[data-spot]");
    if (place) tell("desk-place", place.dataset.spot);
    const doubt = event.target.closest?.("[data-doubt]");
    if (doubt) tell("desk-doubt", doubt.dataset.doubt);
  });

  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; SameSite=Lax${secure}`;
  };

  return { tell, figure, label, classes, sought, light, update, focused, settle, begin, remember };
})();
