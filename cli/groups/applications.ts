import type { CommandLine } from '../command-line.ts';

/** What providers of applications do before there is anything to move. */
export function applications(line: CommandLine): void {
  line
    .command('package', 'make a package of an application, as orchestrators on-board it', [
      ['ferry package my-application', 'as its application.yaml says; tells what is wrong with it'],
      ['ferry up --topology alone --app notes-1.0.0.zip --tour', 'then moves it'],
    ])
    .argument('<folder>', 'of the application, with its application.yaml')
    .option('--file <file>', 'instead of <name>-<version>.zip')
    .action(
      line.does(async (folder: string, { file }: { file?: string }) => {
        const { makePackage } = await import('../package/make.ts');
        return await makePackage({ folder, ...(file !== undefined && { output: file }) }, line.terminal);
      }),
    );
}
