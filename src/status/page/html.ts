/** Markup that is safe to send: only the tag below makes it, so text cannot become markup by being forgotten. */
export type { Html };

/** What a template may hold. `undefined` and `false` are nothing; a list is its items one after another. */
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
 * Tagged template: what the source says is markup, what is put into it is text. There is no way around the escaping. It holds for
 * element content and for attribute values in double quotes, the only two places where this project puts values.
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

/** Invisible, and they reverse what follows: a service's message must not make the words after it read as others. */
const directionControls = /[\u202a-\u202e\u2066-\u2069]/g;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
