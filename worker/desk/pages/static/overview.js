"use strict";
/* What the upload and the people need of the browser: the address, and the clipboard. */
const overview = (() => {
  const address = (query) => {
    const url = location.pathname + query;
    history.replaceState(null, "", url);
    for (const link of document.querySelectorAll(".desk-language")) {
      const target = new URL(link.href);
      target.searchParams.set("next", url);
      link.href = target.pathname + target.search;
    }
  };
  /* Where there is no clipboard (a page without TLS), the text is selected instead. */
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      document.querySelector(".secret input")?.select();
      return false;
    }
  };
  return { address, copy };
})();
