// Lay the OpenAPI description out for people: what the server says of itself, nothing from outside.

const CURL = {
  "/v1/read": "--data-binary @photo.jpg -H 'Content-Type: image/jpeg'",
  "/v1/read/batch": "-F file=@one.png -F file=@two.png",
  "/v1/classify": `-H 'Content-Type: application/json' -d '{"images": [[[0, 0, …], …]]}'`,
  "/v1/teach": `-H 'Content-Type: application/json' -d '{"digit": 7, "glyph": "AAAA…"}'`,
};

const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};

function values(schema) {
  const of = schema.items ?? schema;
  const choices = of.enum ? of.enum.join(", ") : range(of);
  return schema.default === undefined || schema.items ? choices : `${choices}; default ${schema.default}`;
}

function range({ minimum, maximum, type }) {
  return minimum === undefined ? type : `${minimum} to ${maximum}`;
}

function list(pairs) {
  return element("dl", ...pairs.flatMap(([t, d]) => [element("dt", t), element("dd", d)]));
}

function operation(path, method, about) {
  const verb = element("span", method.toUpperCase());
  verb.className = "method";
  const parts = [element("h2", verb, " ", element("code", path)), element("p", about.summary, ".")];
  for (const text of about.description.replaceAll("`", "").split("\n\n")) {
    parts.push(element("p", text));
  }
  const call = [method === "get" ? "" : `-X ${method.toUpperCase()}`, CURL[path] ?? ""];
  const words = ["curl", ...(method === "post" ? call.slice(1) : call), `${location.origin}${path}`];
  const example = words.filter((word) => word && !(method !== "post" && word === CURL[path]));
  parts.push(element("pre", example.join(" ")));
  const options = (about.parameters ?? []).map(({ name, description, schema }) => [
    name,
    `${description ?? ""} (${values(schema)})`,
  ]);
  const bodies = Object.keys(about.requestBody?.content ?? {});
  if (bodies.length) options.unshift(["body", bodies.join(", ")]);
  if (options.length) parts.push(list(options));
  parts.push(
    list(Object.entries(about.responses).map(([status, { description }]) => [status, description])),
  );
  return element("section", ...parts);
}

const description = await (await fetch("/openapi.json")).json();
document.getElementById("about").textContent = description.info.description.replaceAll("`", "");
for (const [path, operations] of Object.entries(description.paths)) {
  for (const [method, about] of Object.entries(operations)) {
    document.getElementById("operations").append(operation(path, method, about));
  }
}
