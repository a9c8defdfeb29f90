import { type MqttService, MqttSession } from './session.ts';
import type { Wire } from './wire.ts';

export interface Sessions {
  readonly onWire: (wire: Wire) => void;
  /** Connections that are open now. */
  readonly count: () => number;
}

/** Makes each connection a session of the service, and numbers them from 1. */
export function acceptSessions<State>(service: MqttService<State>): Sessions {
  let accepted = 0;
  let open = 0;
  return {
    onWire: (wire) => {
      accepted += 1;
      open += 1;
      wire.onClose(() => {
        open -= 1;
      });
      new MqttSession<State>(wire, accepted, service);
    },
    count: () => open,
  };
}
