// Comma-separated values (RFC 4180), for spreadsheets as much as for programs.

// A spreadsheet takes text that begins like this for a formula; an apostrophe before it keeps it text.
const FORMULA = /^(?:[\t\r\n]|\s*[=+\-@])/;
const NUMBER = /^[+-]?\d+(?:[.,]\d+)*$/;

function cell(value) {
  const text = String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const asCsv = (rows) => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
