"use strict";

// All text is set with textContent: what a request brings is never read as HTML.
const PAUSE_MS = 500;
const ROW_COUNT_MAX = 1000;
const $ = (id) => document.getElementById(id);
const shown = { session: "default", last: 0, resets: 0 };

async function ask(path) {
  const token = sessionStorage.getItem("token");
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const reply = await fetch(path, { headers });
  $("entry").hidden = reply.status !== 401;
  if (!reply.ok) throw new Error(`The mock answers ${reply.status}.`);
  return reply.json();
}

function cell(text) {
  const made = document.createElement("td");
  made.textContent = text;
  return made;
}

function show(row) {
  const line = document.createElement("tr");
  line.className = row.served_by.split("/")[0];
  const asked = `${row.method} ${row.path}`;
  line.append(
    ...[row.n, asked, row.op ?? "", row.status, row.served_by, row.ms].map(cell),
  );
  const made = [line];
  if (row.report) {
    const told = document.createElement("tr");
    const report = document.createElement("pre");
    report.textContent = row.report;
    const wide = cell("");
    wide.colSpan = 6;
    wide.append(report);
    told.className = "miss";
    told.append(wide);
    made.push(told);
  }
  // The newest stands first.
  $("rows").prepend(...made);
}

function clear() {
  shown.last = 0;
  $("rows").replaceChildren();
}

function choose(sessions) {
  const ids = sessions.map((one) => one.id);
  const known = [...$("session").options].map((one) => one.value);
  if (ids.join() !== known.join()) {
    $("session").replaceChildren(...ids.map((id) => new Option(id, id)));
  }
  if (!ids.includes(shown.session)) {
    shown.session = ids[0];
    clear();
  }
  $("session").value = shown.session;
}

async function update() {
  choose((await ask("sessions")).sessions);
  const { session, last } = shown;
  const only = $("unmatched").checked;
  const path = `sessions/${encodeURIComponent(session)}/journal`;
  const journal = await ask(`${path}?after=${last}${only ? "&unmatched=true" : ""}`);
  if (session !== shown.session || last !== shown.last) return;
  if (only !== $("unmatched").checked) return;
  if (journal.resets !== shown.resets) {
    shown.resets = journal.resets;
    if (last > 0) {
      clear();
      return;
    }
  }
  journal.rows.forEach(show);
  shown.last = journal.count;
  while ($("rows").children.length > ROW_COUNT_MAX) $("rows").lastChild.remove();
  $("empty").hidden = journal.count > 0;
  $("summary").textContent = `${journal.count} requests, ${journal.unmatched} unmatched`;
}

async function run() {
  try {
    await update();
  } catch (error) {
    $("summary").textContent = error.message;
  }
  setTimeout(run, PAUSE_MS);
}

$("session").addEventListener("change", () => {
  shown.session = $("session").value;
  clear();
});
$("unmatched").addEventListener("change", clear);
$("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value);
});
run();
