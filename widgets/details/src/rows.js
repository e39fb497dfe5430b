// Which rows of the table are shown; pure.

/** @import { Group } from "./types" */

/**
 * Return the groups with the rows to show, without those that have none and no note.
 * @param {Group[]} groups
 * @param {boolean} isAll whether settings that are as usual are shown, too
 */
export const shownGroups = (groups, isAll) =>
  groups
    .map((group) => ({ ...group, rows: group.rows.filter((row) => isAll || !row.is_usual) }))
    .filter((group) => group.rows.length > 0 || group.note);

/**
 * Say whether there are rows that only All shows.
 * @param {Group[]} groups
 */
export const hasMore = (groups) => groups.some(({ rows }) => rows.some((row) => row.is_usual));
