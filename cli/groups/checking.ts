import { type Command, InvalidArgumentError } from 'commander';
import type { CommandLine } from '../command-line.ts';

/** What a provider asks of his own application. */
export function checking(line: CommandLine): void {
  line
    .command('check-app', 'does an application keep the contract? asks one or two running instances of it', [
      ['ferry check-app http://127.0.0.1:7001', 'what one instance can show'],
      [
        'ferry check-app http://127.0.0.1:7001 http://127.0.0.2:7001',
        'with a standby: hand-overs, late, lost and doubled',
      ],
      ['... --write \'curl -sf "$FERRY_HOST:7000/users/$FERRY_USER?n=$FERRY_NUMBER"\'', 'with writes of clients'],
    ])
    .argument('<url>', 'of a management endpoint', url)
    .argument('[other]', 'of that of a second instance', url)
    .option('--token-env <name>', 'the environment variable that holds the token for the management endpoints')
    .option('--token-file <file>', 'the file that does')
    .option('--ca <file>', 'whose certificates are trusted, by HTTPS')
    .option('--certificate <file>', 'ours, for an instance that asks for one')
    .option('--key <file>', 'of that certificate')
    .option('--server-name <name>', 'in their certificate')
    .option(
      '--write <command>',
      'writes $FERRY_NUMBER for $FERRY_USER at $FERRY_HOST; ends with 0 when that was acknowledged',
    )
    .option('--restart <command>', 'starts the standby again')
    .option('--anyway', 'although an instance serves users')
    .action(
      line.does(async (first: URL, second: URL | undefined, options: CheckOptions, command: Command) => {
        const { tokenEnv, tokenFile, ca, certificate, key, serverName, anyway, ...commands } = options;
        if ((certificate === undefined) !== (key === undefined)) command.error('error: --certificate goes with --key');
        const { checkApp } = await import('../check-app.ts');
        const file = tokenFile === undefined ? undefined : { file: tokenFile };
        const token = tokenEnv === undefined ? file : { env: tokenEnv };
        const proof = { token, tls: { ca, certificate, key, serverName } };
        const urls = second === undefined ? [first] : [first, second];
        return await checkApp({ urls, proof, anyway: anyway === true }, commands, line.terminal);
      }),
    );
}

interface CheckOptions {
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly write?: string;
  readonly restart?: string;
  readonly anyway?: true;
}

function url(text: string): URL {
  const parsed = URL.parse(text);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.pathname !== '/')
    throw new InvalidArgumentError('A URL such as http://127.0.0.1:7001, without a path.');
  return parsed;
}
