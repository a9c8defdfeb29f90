import { issuedCertificateOf, renewalOf } from '../../../outcomes/operationalCertificate.ts';
import type { ProbeResult } from '../../../outcomes/outcome.ts';
import { issuedDaysLeft } from '../daysLeft.ts';
import { formatDay, formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';

type Certificate = NonNullable<ReturnType<typeof issuedCertificateOf>>;

/** The operational certificate that DPS issued, its chain, its renewal by the hub, and the hub's connection profile, as list rows. */
export function certificateFacts(result: ProbeResult, now: string): readonly Html[] {
  const issued = issuedCertificateOf(result);
  const renewal = renewalOf(result);
  return [
    ...(issued ? [fact('Issued certificate', certificate(issued, now)), fact('Its chain', chain(issued, now))] : []),
    ...(renewal
      ? [
          fact(
            'Renewal by the hub',
            html`Took ${formatDuration(renewal.durationMs)}. ${certificate(renewal.certificate, now)}`,
          ),
        ]
      : []),
    ...('assignedHub' in result ? [fact('Connection profile', profileOf(result))] : []),
  ];
}

function profileOf(result: ProbeResult): Html {
  const profile = 'connectionProfile' in result ? result.connectionProfile : undefined;
  return profile === undefined ? html`not reported` : html`${profile}`;
}

function certificate({ subject, serialNumber, notBefore, notAfter, fingerprint256 }: Certificate, now: string): Html {
  return html`${issuedDaysLeft({ notBefore, notAfter }, now)} <span class="aside">${subject}, ${formatDay(notBefore, now)} to <time datetime="${notAfter}">${formatDay(notAfter, now)}</time>, serial number ${serialNumber}, SHA-256 ${fingerprint256}</span>`;
}

/** The issuers above the device's own certificate, its root last. */
function chain({ chain: all }: Certificate, now: string): Html {
  const above = all.slice(1);
  if (above.length === 0) return html`No issuer was sent with it.`;
  return html`<ol class="chain">${above.map(({ subject, notAfter }) => html`<li>${subject} <span class="aside">until ${formatDay(notAfter, now)}</span></li>`)}</ol>`;
}

function fact(name: string, value: Html): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
