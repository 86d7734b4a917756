const PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/** Is it at one of these? An entry without a port is a host with all of its ports; a usual one may be said. */
export const isAgreed = (hosts: readonly string[], { hostname, port, protocol }: URL): boolean =>
  hosts.includes(hostname) || hosts.includes(`${hostname}:${port === '' ? PORTS[protocol] : port}`);
