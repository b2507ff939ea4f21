"use strict";
/* What the queue and the documents need of the browser: keys, the row that has the focus, the address, local times. */
const queue = (() => {
  const COMMANDS = new Set(["n", "c", "?"]);
  const OF_THE_LIST = new Set(["j", "k", "ArrowDown", "ArrowUp", "Enter"]);
  let kept = { key: "", index: 0 };

  const links = () => [...document.querySelectorAll(".queue-open")];
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");
  const covered = () => document.querySelector(".q-dialog, .q-menu");
  const loose = () => !document.activeElement || document.activeElement === document.body || document.activeElement.id === "main";

  const focus = (link) => {
    link.focus({ preventScroll: true });
    link.closest("tr")?.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (at < 0) {
      if (all.length) focus(all.find((link) => link.dataset.key === kept.key) ?? all[Math.min(kept.index, all.length - 1)]);
    } else if (at + by < all.length) focus(all[Math.max(at + by, 0)]);
    else document.querySelector(".queue-more")?.click();
  };
  /* A row that was settled elsewhere goes; the focus stays where it was in the list. */
  const settle = () => {
    const all = links();
    if (!loose() || covered() || !all.length) return;
    const same = all.find((link) => link.dataset.key === kept.key);
    (same ?? all[Math.min(kept.index, all.length - 1)]).focus({ preventScroll: true });
  };
  /* Rows come and go whenever the server says so; the focus is set at once, for a key may come before the next frame. */
  const watched = new MutationObserver(() => {
    if (document.querySelector("[data-keys]")) settle();
  });
  watched.observe(document, { childList: true, subtree: true });
  const refocus = (name) => document.querySelector(`[data-value="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.(".queue-open")) kept = { key: event.target.dataset.key, index: links().indexOf(event.target) };
  });
  document.addEventListener(
    "keydown",
    (event) => {
      const { key, target } = event;
      if (!document.querySelector("[data-keys]") || covered() || event.isComposing) return;
      if (typing(target)) {
        if (key === "Escape" || (key === "ArrowDown" && target.closest(".queue-search"))) {
          target.blur();
          step(0);
        }
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      /* The row that had the focus may have been hidden for a moment: the key is still meant for it. */
      if (OF_THE_LIST.has(key)) settle();
      const inList = loose() || target.matches?.(".queue-open");
      if (key === "j" || (key === "ArrowDown" && inList)) step(1);
      else if (key === "k" || (key === "ArrowUp" && inList)) step(-1);
      else if (key === "/") document.querySelector(".queue-search input")?.focus();
      else if (COMMANDS.has(key)) {
        if (!event.repeat) desk.tell("queue-key", { key, row: kept.key });
      } else if (key === "Enter" && document.activeElement !== target && document.activeElement.matches(".queue-open")) {
        document.activeElement.click();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  /* Links are real ones: only a plain click stays on the page. */
  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("[data-act]");
    if (!link) return;
    event.preventDefault();
    desk.tell(`queue-${link.dataset.act}`, link.dataset.act === "filter" ? link.search : link.dataset.key);
  });
  addEventListener("popstate", () => {
    if (document.querySelector("[data-keys]")) desk.tell("queue-back", location.search);
  });

  const address = (query, push) => {
    const url = location.pathname + query;
    if (push) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
    for (const link of document.querySelectorAll(".desk-language")) {
      const target = new URL(link.href);
      target.searchParams.set("next", url);
      link.href = target.pathname + target.search;
    }
  };
  /* The time of whoever looks, not of the server. */
  const times = () => {
    const form = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
    for (const time of document.querySelectorAll("time[datetime]:not([data-local])")) {
      time.textContent = form.format(new Date(time.dateTime));
      time.dataset.local = "";
    }
  };

  return { refocus, address, times };
})();
