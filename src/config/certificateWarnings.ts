import { renewEveryMinutes, renewTimeoutSeconds } from './operationalCertificate.ts';
import type { Probe } from './probe.ts';

/** An operational certificate is issued by a service that takes its time, and may change what the device is accepted with. */
export function warningsOfCertificates(probes: readonly Probe[]): readonly string[] {
  const hasty = probes
    .filter(({ verifyHub }) => verifyHub === 'renew')
    .flatMap(({ name, timeoutSeconds, everyMinutes = 0 }) => [
      ...(timeoutSeconds < renewTimeoutSeconds
        ? [
            `${name}: timeoutSeconds ${timeoutSeconds} is short for a renewal, which can take minutes. Use ${renewTimeoutSeconds} or more.`,
          ]
        : []),
      ...(everyMinutes < renewEveryMinutes
        ? [
            `${name}: each run issues two certificates, every ${everyMinutes} minutes. Use an everyMinutes of ${renewEveryMinutes} or more.`,
          ]
        : []),
    ]);
  const ofDevice = Map.groupBy(probes, ({ idScope, registrationId }) => `${idScope}/${registrationId.toLowerCase()}`);
  const mixed = [...ofDevice].flatMap(([device, sameDevice]) => {
    const [asking, others] = [true, false].map((wanted) =>
      sameDevice.filter(({ requestCertificate }) => requestCertificate === wanted).map(({ name }) => name),
    );
    return asking?.length && others?.length
      ? [
          `${device}: ${asking.join(', ')} requests a certificate and ${others.join(', ')} does not. A hub may accept a device only with its issued certificate afterwards: use different devices.`,
        ]
      : [];
  });
  return [...hasty, ...mixed];
}
