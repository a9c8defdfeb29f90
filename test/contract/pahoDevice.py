"""A device on Eclipse Paho: registers with DPS and prints the last response as JSON, or how it was refused.

Arguments: port, CA file, idScope, registrationId, password ("" with a certificate), clean session (0 or 1), transport
(tcp or websockets), certificate and key files (both or neither).
"""
import json
import sys

import paho.mqtt.client as mqtt

port, ca, id_scope, registration_id, password, clean, transport, *certificate = sys.argv[1:]
options = {
    "client_id": registration_id,
    "clean_session": clean == "1",
    "protocol": mqtt.MQTTv311,
    "transport": transport,
}
if hasattr(mqtt, "CallbackAPIVersion"):  # Paho 2
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, **options)
else:
    client = mqtt.Client(**options)
client.tls_set(ca, *certificate)
client.username_pw_set(f"{id_scope}/registrations/{registration_id}/api-version=2019-03-31", password or None)
if transport == "websockets":
    client.ws_set_options("/$iothub/websocket")


def end(result):
    print(json.dumps(result), flush=True)
    client.disconnect()


def on_connect(client, userdata, flags, code):
    if code != 0:
        end({"connack": code})
        return
    client.subscribe("$dps/registrations/res/#", qos=1)


def on_subscribe(client, userdata, message_id, granted):
    body = json.dumps({"registrationId": registration_id})
    client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", body, qos=1)


def on_message(client, userdata, message):
    status = int(message.topic.split("/")[3])
    body = json.loads(message.payload)
    if status == 202:
        operation = body["operationId"]
        client.publish(f"$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId={operation}", "", qos=1)
    else:
        end({"status": status, "body": body})


client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect("localhost", int(port), keepalive=60)
client.loop_forever(retry_first_connection=False)
