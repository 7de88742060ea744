// The page: sends the form, follows the job's events, shows the result. No library, no build.

const STATUSES = ["queued", "processing", "retrying", "done", "failed", "dead", "cancelled"];
const FINAL = new Set(["done", "failed", "dead", "cancelled"]);
const EXTENSIONS = { jpeg: "jpg", webp: "webp", avif: "avif", png: "png" };

const at = (id) => document.getElementById(id);
let following = null;

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  reset();
  busy(true);
  try {
    const job = await upload(new FormData(event.target));
    tell(job);
    // A known end needs no events; its details are one question away.
    if (FINAL.has(job.status)) finish(await read(job.statusUrl));
    else follow(job.statusUrl);
  } catch (error) {
    fail(error.message);
  }
});

showLimit();

/** Sends the form; a refusal becomes an error that says why. */
async function upload(form) {
  const response = await fetch("/upload", {
    method: "POST",
    headers: { accept: "application/json" },
    body: form,
  }).catch(() => {
    throw new Error("The server could not be reached.");
  });
  return answer(response);
}

async function read(url) {
  return answer(await fetch(url, { headers: { accept: "application/json" } }));
}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ?? `The server answered ${response.status}.`);
  return body;
}

/** Follows a job to its end. The browser connects again by itself, from the last event it saw. */
function follow(url) {
  following = new EventSource(url);
  for (const status of STATUSES) {
    following.addEventListener(status, (event) => {
      const state = JSON.parse(event.data);
      tell(state);
      if (FINAL.has(status)) finish(state);
    });
  }
  following.onerror = () => {
    // A stream that was refused is closed for good; one that broke comes back.
    if (following?.readyState === EventSource.CLOSED) fail("The events cannot be followed any more.");
  };
}

function finish(state) {
  stopFollowing();
  busy(false);
  if (state.status === "done") show(state);
  else fail(state.error?.message ?? `The job is ${state.status}.`);
}

function show({ url, picture }) {
  at("picture").src = url;
  at("download").href = url;
  at("download").download = `watermarked.${EXTENSIONS[picture?.format] ?? "jpg"}`;
  at("facts").textContent = picture
    ? `${picture.width} × ${picture.height}, ${(picture.sizeBytes / 1024).toFixed(0)} KiB`
    : "";
  at("result").hidden = false;
}

/** Adds a line where the status changed; a step within one status replaces the line. */
function tell(state) {
  at("progress").hidden = false;
  const events = at("events");
  let line = events.lastElementChild;
  if (line?.dataset.status !== state.status) {
    line = events.appendChild(document.createElement("li"));
    line.dataset.status = state.status;
  }
  line.textContent = sentence(state);
}

function sentence({ status, attempt, timings, error }) {
  const words = [status];
  if (attempt > 1) words.push(`attempt ${attempt}`);
  if (timings?.total) words.push(`${Math.round(timings.total)} ms in all`);
  if (error) words.push(error.message);
  return words.join(", ");
}

function fail(message) {
  stopFollowing();
  busy(false);
  at("problem").textContent = message;
}

function reset() {
  stopFollowing();
  at("problem").textContent = "";
  at("events").replaceChildren();
  at("progress").hidden = true;
  at("result").hidden = true;
  at("picture").removeAttribute("src");
}

function stopFollowing() {
  following?.close();
  following = null;
}

function busy(working) {
  at("form").querySelector("button").disabled = working;
}

async function showLimit() {
  const limits = await read("/limits").catch(() => null);
  if (limits) at("limit").textContent += `, up to ${Math.floor(limits.imageBytesMax / 2 ** 20)} MiB`;
}
