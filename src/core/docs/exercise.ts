/** One thing to do in the first fifteen minutes. */
export interface ExerciseStep {
  readonly title: string;
  /** What one sees, and why. */
  readonly say: string;
  readonly commands: readonly ExerciseCommand[];
}

/** A command line as it is typed, and the exit code that it ends with. */
export interface ExerciseCommand {
  readonly line: string;
  readonly exitCode: number;
}

const done = (line: string): ExerciseCommand => ({ line, exitCode: 0 });

/** Folder of a build output that no check finds right; git never sees it. */
const broken = '.jv-staging/broken';

/** Returns the first fifteen minutes of somebody new: deploy, break, roll back, reset, all on the local target. */
export function exerciseSteps(name: string): readonly ExerciseStep[] {
  const local = (words: string, exitCode = 0): ExerciseCommand => ({ line: `jv-staging ${words} --target local`, exitCode });
  return [
    {
      title: 'Deploy',
      say: 'Everything is made on this machine: no account, no cost. The domain moves once smoke is green on the deployment’s own address.',
      commands: [local('provision --yes'), local('deploy'), local('seed')],
    },
    {
      title: 'Break',
      say: 'This output answers no check. The deploy ends with 5 and names what is red; the domain never moved, as status shows.',
      commands: [
        done(`mkdir -p ${broken}/static`),
        done(`echo '{"version":3}' > ${broken}/config.json`),
        done(`echo broken > ${broken}/static/index.html`),
        local(`deploy --prebuilt ${broken}`, 5),
        local('status'),
      ],
    },
    {
      title: 'Roll back',
      say: 'A second release goes out, and you go back to the first: look at what would be done, then do it. From then on the domain is pinned until the next deploy.',
      commands: [local('deploy'), local('rollback --dry-run'), local('rollback')],
    },
    {
      title: 'Reset',
      say: 'The rows are yours to spoil: --confirm with the environment’s name brings the seeded ones back. The local cloud is stopped last.',
      commands: [local(`seed --reset --confirm ${name}`), local('local stop')],
    },
  ];
}

/** Returns the exercise as Markdown; `level` is what its heading begins with, e.g. `#`. */
export function exercise(name: string, level: string): string {
  const steps = exerciseSteps(name).map(({ title, say, commands }, at) => {
    const lines = commands.map(({ line, exitCode }) => (exitCode === 0 ? line : `${line}   # ends with ${exitCode}`));
    return `${level}# ${at + 1}. ${title}\n\n${say}\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\``;
  });
  return [`${level} The first fifteen minutes`, ...steps].join('\n\n');
}
