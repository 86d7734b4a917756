export interface Binding {
  readonly address: string;
  readonly port: number;
}

/** Why an address could not be had, and what helps: only Linux has all of 127/8 from the start. */
export function cannotBind(error: NodeJS.ErrnoException, who: string, { address, port }: Binding): Error {
  const help = error.code === 'EADDRNOTAVAIL' ? `; this makes it: sudo ifconfig lo0 alias ${address}` : '';
  return new Error(`${who} cannot have ${address}:${port} (${error.code ?? error.message})${help}`, { cause: error });
}
