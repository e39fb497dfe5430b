// What the foot tells, in words.

/** @import { Job, Queue, Stage, Status } from "./types" */

/**
 * Return a time in words: "8 s", "2 min 10 s", "1.5 h".
 * @param {number} seconds
 */
export function timeText(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${(whole / 3600).toFixed(1)} h`;
}

/**
 * Return the seconds of a finished stage, to a tenth below ten.
 * @param {number} seconds
 */
export const secondsText = (seconds) =>
  seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;

/**
 * Return how long it takes until then, never less than a second; "" where that is not known.
 * @param {number | null | undefined} until
 * @param {number} now
 */
export const leftText = (until, now) =>
  typeof until === "number" ? `${timeText(Math.max(until - now, 1))} left` : "";

/**
 * Return what is being done, with the time that is left, or else that has passed.
 * @param {Status} status
 * @param {number} now
 */
export function statusText({ state, text, since, until }, now) {
  if (state !== "running") return text;
  const left = leftText(until, now);
  const spent = typeof since === "number" && now - since >= 1 ? timeText(now - since) : "";
  return [text, left || spent].filter(Boolean).join(" · ");
}

/**
 * Return what a stage's chip tells beside its title.
 * @param {Stage} stage
 */
export function stageText({ state, seconds, pictures }) {
  if (state !== "done" || typeof seconds !== "number") return "";
  return pictures > 1 ? `${pictures} × ${secondsText(seconds)}` : secondsText(seconds);
}

/**
 * Return what a stage did, in full.
 * @param {Stage} stage
 */
export function stageLabel(stage) {
  const { title, state } = stage;
  const text = stageText(stage);
  const words = { waiting: "waiting", cached: "from the cache", running: "running", done: text };
  return [title, words[state]].filter(Boolean).join(", ");
}

/**
 * Return what the button of the queue tells.
 * @param {Job[]} jobs
 * @param {Queue} queue
 */
export function queueText(jobs, { paused, stopped }) {
  const waiting = jobs.filter((job) => job.state === "queued").length;
  const failed = jobs.filter((job) => job.state === "failed").length;
  if (stopped) return "Queue stopped";
  if (paused) return waiting ? `Paused, ${waiting} waiting` : "Queue paused";
  if (waiting) return `${waiting} waiting`;
  return failed ? `${failed} failed` : "Queue";
}

/**
 * Return the line below a job's label.
 * @param {Job} job
 * @param {number} now
 */
export function jobText({ facts, state, since, until, takes, why, is_batch }, now) {
  if (is_batch) return [facts, leftText(until, now)].filter(Boolean).join(" · ");
  if (state === "failed") return [facts, why || "failed"].filter(Boolean).join(" · ");
  if (state === "queued") {
    const needs = typeof takes === "number" ? `about ${timeText(takes)}` : "";
    return [facts, "waiting", needs].filter(Boolean).join(" · ");
  }
  const spent = typeof since === "number" ? `running ${timeText(now - since)}` : "running";
  return [facts, spent, leftText(until, now)].filter(Boolean).join(" · ");
}

/**
 * Return the head of the open queue.
 * @param {Job[]} jobs
 * @param {Queue} queue
 */
export function headText(jobs, { left }) {
  const waiting = jobs.filter((job) => job.state === "queued").length;
  const count = waiting ? `${waiting} waiting` : "nothing waits";
  const time = waiting && typeof left === "number" ? `about ${timeText(left)} in all` : "";
  return [count, time].filter(Boolean).join(" · ");
}
