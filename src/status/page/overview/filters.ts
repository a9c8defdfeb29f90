import { type FilterChoice, locationsOf, tagsOf } from '../../report/filterReport.ts';
import type { StatusReport } from '../../report/statusReport.ts';
import { type Html, html } from '../html.ts';
import { type PageContext, pageLink } from '../pageContext.ts';
import { stateIcon, stateWords } from '../stateLabel.ts';

type FilterName = 'tag' | 'location';

/**
 * Links that filter by tag or location, each with the worst state; undefined when there is nothing to choose. `whole`: the unfiltered
 * report.
 */
export function filters(whole: StatusReport, context: PageContext): Html | undefined {
  const rows = [
    filterRow('tag', 'Tags', tagsOf(whole), context),
    filterRow('location', 'Locations', locationsOf(whole), context),
  ].filter((row) => row !== undefined);
  return rows.length === 0 ? undefined : html`<nav class="filters" aria-label="Filters">${rows}</nav>`;
}

function filterRow(
  name: FilterName,
  title: string,
  choices: readonly FilterChoice[],
  context: PageContext,
): Html | undefined {
  const chosen = context[name];
  const isChoice = name === 'tag' ? choices.length > 0 : choices.length > 1;
  if (!isChoice && chosen === undefined) return undefined;
  const all = html`<li><a href="${pageLink(context, { [name]: undefined })}"${current(chosen === undefined)}>All</a></li>`;
  return html`<div><h2 id="filter-${name}">${title}</h2><ul aria-labelledby="filter-${name}">${all}${choices.map(
    ({ value, probes, state }) =>
      html`<li><a href="${pageLink(context, { [name]: value })}"${current(chosen === value)}>${stateIcon(state)}<span class="unseen">${stateWords[state]}: </span>${value} <span class="count">${probes}</span></a></li>`,
  )}</ul></div>`;
}

function current(isCurrent: boolean): Html | undefined {
  return isCurrent ? html` aria-current="true"` : undefined;
}
