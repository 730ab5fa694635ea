// Elements are made here and nowhere from markup: what a feed wrote stays text, whatever it holds.
type Child = Node | string | undefined | null | false;
type Attributes = Record<string, string | number | undefined>;

const SVG = "http://www.w3.org/2000/svg";

function filled<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, String(value));
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== null && child !== false && child !== ""));
  return element;
}

export const html = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => filled(document.createElement(tag), attributes, children);

export const svg = (tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement =>
  filled(document.createElementNS(SVG, tag) as SVGElement, attributes, children);

export const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
