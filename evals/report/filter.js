"use strict";
// Narrows the list of tables of a run; without it all of them are there.
for (const box of document.querySelectorAll(".filter")) {
  const tables = box.parentElement.querySelectorAll("details.table");
  const choices = box.querySelectorAll("select");
  const said = box.querySelector("output");
  const apply = () => {
    let shown = 0;
    for (const table of tables) {
      table.hidden = ![...choices].every((x) => !x.value || table.dataset[x.name] === x.value);
      shown += !table.hidden;
    }
    for (const group of box.parentElement.querySelectorAll(".group")) {
      group.querySelector(".none").hidden = !group.querySelector("details.table")
        || !!group.querySelector("details.table:not([hidden])");
    }
    said.textContent = `${shown} of ${tables.length} shown`;
  };
  box.addEventListener("change", apply);
  box.hidden = false;
  apply();
  for (const link of box.closest("section").querySelectorAll("a[data-name]")) {
    link.addEventListener("click", () => {
      for (const x of choices) x.value = x.name === link.dataset.name ? link.dataset.value : "";
      apply();
    });
  }
}
