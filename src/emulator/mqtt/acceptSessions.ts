import { dispatch, type MqttService } from './dispatch.ts';
import { MqttSession, type SessionOwner } from './session.ts';
import type { Wire } from './wire.ts';

export interface Sessions {
  readonly onWire: (wire: Wire) => void;
  /** Connections that are open now. */
  readonly count: () => number;
}

/** Creates a session of the service for each connection, numbered from 1. */
export function acceptSessions<State>(service: MqttService<State>): Sessions {
  let accepted = 0;
  let open = 0;
  const owner: SessionOwner<State> = {
    receive: (session, packet) => dispatch(session, packet, service),
    notice: (session, event) => service.notice(session, event),
  };
  return {
    onWire: (wire) => {
      accepted += 1;
      open += 1;
      wire.onClose(() => {
        open -= 1;
      });
      new MqttSession<State>(wire, accepted, owner);
    },
    count: () => open,
  };
}
