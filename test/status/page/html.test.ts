import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/status/page/html.ts';

describe('html', () => {
  it('escapes inserted values and keeps literal markup, nested and in lists', () => {
    const items = ['<a>', `"b"'&`].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}</ul>${3}${false}${undefined}`.toString()).toBe(
      '<ul><li title="&lt;a&gt;">&lt;a&gt;</li><li title="&quot;b&quot;&#39;&amp;">&quot;b&quot;&#39;&amp;</li></ul>3',
    );
  });

  it('shows characters that would reverse the direction of the text', () => {
    expect(html`${'hub\u202eenif'} fine`.toString()).toBe('hub\ufffdenif fine');
  });

  it('escapes inserted values so that they cannot end a tag, an attribute or a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'a', ';') }), (text) => {
        expect(html`${text}`.toString()).not.toMatch(/[<>"']/);
      }),
    );
  });
});
