// Tags as a person types them; pure.

/**
 * Return the tags in what was typed: a comma separates them.
 * @param {string} typed
 */
export const tagsIn = (typed) =>
  typed
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
