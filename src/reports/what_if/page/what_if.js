"use strict";
// Sorts and filters the tables of customers. Numbers are compared as whole numbers of any size, never as floats.
(() => {
  const words = new Intl.Collator("en-GB", { numeric: true });

  const keyOf = (row, column, kind) => {
    const cell = row.cells[column];
    if (kind === "text") {
      const text = cell.textContent.trim();
      return text === "–" ? "" : text;
    }
    return cell.dataset.key ? BigInt(cell.dataset.key) : "";
  };

  const compare = (one, other, kind, sign) => {
    // What is not there comes last, whichever way the rest is turned.
    if (one === "" || other === "") {
      return (one === "" ? 1 : 0) - (other === "" ? 1 : 0);
    }
    if (kind === "text") {
      return sign * words.compare(one, other);
    }
    return one < other ? -sign : one > other ? sign : 0;
  };

  const sort = (table, head, column) => {
    const kind = head.dataset.sort;
    const turned = head.getAttribute("aria-sort") === "ascending";
    const sign = turned ? -1 : 1;
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => ({ row, key: keyOf(row, column, kind) }));
    rows.sort((one, other) => compare(one.key, other.key, kind, sign));
    for (const other of head.parentElement.cells) {
      other.removeAttribute("aria-sort");
    }
    head.setAttribute("aria-sort", turned ? "descending" : "ascending");
    const sorted = document.createDocumentFragment();
    for (const { row } of rows) {
      sorted.append(row);
    }
    body.append(sorted);
  };

  const makeSortable = (table) => {
    const heads = table.tHead.rows[table.tHead.rows.length - 1].cells;
    Array.from(heads).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head, column));
      head.append(button);
    });
  };

  const makeSearchable = (table) => {
    const bar = table.closest(".table").querySelector(".filter");
    const field = bar.querySelector("input");
    const told = bar.querySelector("output");
    const rows = Array.from(table.tBodies[0].rows, (row) => {
      const texts = Array.from(row.cells).filter((cell) => !("key" in cell.dataset));
      return { row, text: texts.map((cell) => cell.textContent).join("\n").toLowerCase() };
    });
    const filter = () => {
      const wanted = field.value.trim().toLowerCase();
      let shown = 0;
      for (const { row, text } of rows) {
        row.hidden = !text.includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      told.textContent = wanted ? `${shown} of ${rows.length} shown; the totals are those of all` : "";
    };
    field.addEventListener("input", filter);
    bar.hidden = false;
    filter();
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    makeSortable(table);
    makeSearchable(table);
  }

  // On paper nothing can be opened.
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.open = true;
      opened.push(details);
    }
  });
  addEventListener("afterprint", () => {
    for (const details of opened.splice(0)) {
      details.open = false;
    }
  });
})();
