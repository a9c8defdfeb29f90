/** Safe markup. Only the tag `html` creates it, so unescaped text cannot become markup. */
export type { Html };

/** Values of a template. `undefined` and `false` render as nothing, a list as its items. */
export type Content = Html | string | number | undefined | false | readonly Content[];

class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/**
 * Tagged template: the literal parts are markup, and inserted values are always escaped. This is safe in element content and in attribute
 * values in double quotes, the only places where this project inserts values.
 */
export function html(markup: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(markup.map((part, index) => part + render(contents[index])).join(''));
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'object') return content.map(render).join('');
  return String(content)
    .replace(directionControls, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** Invisible characters that change the direction of text: a service's message must not change how the text after it reads. */
const directionControls = /[\u202a-\u202e\u2066-\u2069]/g;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
