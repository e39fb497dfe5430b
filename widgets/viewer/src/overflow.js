// Which tools of the bar have room in it; the others go into its menu.

/**
 * A tool: what it takes of the bar, how soon it has to go (the highest rank first), and the group
 * it stands in.
 * @typedef {{ width: number, rank: number, group: number }} Tool
 */

/**
 * Return which of these tools stay in a room, by their places in the list. Those of one rank go
 * together, so that no two that belong together are torn apart.
 * @param {Tool[]} tools
 * @param {number} room
 * @param {{ gap: number, menu: number }} widths of the distance before each group, and of the
 *   menu's button, which stands in the room if any tool has to go
 * @returns {Set<number>}
 */
export function fitting(tools, room, { gap, menu }) {
  const kept = new Set(tools.keys());
  const width = () => {
    const those = tools.filter((_, i) => kept.has(i));
    const groups = new Set(those.map((tool) => tool.group)).size;
    return those.reduce((sum, tool) => sum + tool.width, groups * gap);
  };
  if (width() <= room) return kept;
  const ranks = [...new Set(tools.map((tool) => tool.rank))].sort((one, other) => other - one);
  for (const rank of ranks) {
    if (width() <= room - menu) break;
    tools.forEach((tool, i) => tool.rank === rank && kept.delete(i));
  }
  return kept;
}
