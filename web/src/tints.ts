// The colours of what lies beneath on a map, by day and by night; those of the levels are the same at any hour.
export interface Tints {
  ground: string;
  land: string;
  border: string;
  ink: string;
  halo: string;
  chosen: string;
  /** Roads that can be walked, to press on. */
  road: string;
  /** How much of what is beneath is hidden by a level's colour: at night the darkest would be lost on the land. */
  cover: number;
}

const DAY: Tints = { ground: "#dfe5ea", land: "#fbfaf6", border: "#5b6875", ink: "#14181d", halo: "#ffffff", chosen: "#14324f", road: "#7a8793", cover: 0.55 };
const NIGHT: Tints = { ground: "#12161a", land: "#333c46", border: "#95a3b0", ink: "#f1f4f7", halo: "#12171c", chosen: "#9cc4e4", road: "#95a3b0", cover: 0.75 };

export const tints = (): Tints => (window.matchMedia("(prefers-color-scheme: dark)").matches ? NIGHT : DAY);
