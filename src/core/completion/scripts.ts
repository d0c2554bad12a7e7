import { shellQuoted } from '../shell.ts';
import { type CompletedCommand, type Place, placesOf } from './words.ts';

/** Shells that complete. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** A shell that completes. */
export type Shell = (typeof shells)[number];

/** Returns the script that makes a shell complete the command lines of `bin`. Its words stand in it: completing starts no program. */
export function completionScript(shell: Shell, bin: string, commands: readonly CompletedCommand[]): string {
  return scripts[shell](bin, placesOf(commands));
}

const scripts: Readonly<Record<Shell, (bin: string, places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function bashScript(bin: string, places: readonly Place[]): string {
  const name = functionName(bin);
  const values = valueCases(places, (offered) => (offered.length === 0 ? 'words=""; files=1' : `words=${shellQuoted(offered.join(' '))}`));
  const words = places.map(({ words: place, next, flags }) => {
    const all = [...next.map(([word]) => word), ...flags.map((flag) => `--${flag.name}`)];
    return `    ${shellQuoted(place)}) words=${shellQuoted(all.join(' '))} ;;`;
  });
  return `# Completion of ${bin} for bash. Put this into ~/.bashrc: eval "$(${bin} completion bash)"
${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" words="" files="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ $word == -* ]] && break
    place="\${place:+$place }$word"
  done
  case "$place" in
${words.join('\n')}
  esac
  case "$place|$previous" in
${values.join('\n')}
  esac
  if [[ -n $files ]]; then
    compopt -o default 2>/dev/null
    COMPREPLY=()
    return
  fi
  COMPREPLY=()
  while IFS='' read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -F ${name} ${bin}
`;
}

function zshScript(bin: string, places: readonly Place[]): string {
  const name = functionName(bin);
  const values = valueCases(places, (offered) =>
    offered.length === 0 ? '_files; return' : `choices=(${offered.map(shellQuoted).join(' ')}); _describe value choices; return`,
  );
  const words = places.map(({ words: place, next, flags }) => {
    const all = [...next, ...flags.map((flag) => [`--${flag.name}`, flag.summary] as const)];
    return `    ${shellQuoted(place)}) choices=(${all.map(([word, summary]) => shellQuoted(`${word.replaceAll(':', '\\:')}:${summary}`)).join(' ')}) ;;`;
  });
  return `#compdef ${bin}
# Completion of ${bin} for zsh. Put this into ~/.zshrc, after compinit: eval "$(${bin} completion zsh)"
${name}() {
  local -a choices
  local place="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && break
    place="\${place:+$place }$word"
  done
  case "$place|\${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$place" in
${words.join('\n')}
  esac
  _describe ${shellQuoted(bin)} choices
}
compdef ${name} ${bin}
`;
}

function fishScript(bin: string, places: readonly Place[]): string {
  const name = functionName(bin);
  const lines = places.flatMap(({ words: place, next, flags }) => {
    const at = `complete -c ${bin} -n ${fishQuoted(`${name}_at ${fishQuoted(place)}`)}`;
    return [
      ...next.map(([word, summary]) => `${at} -f -a ${fishQuoted(word)} -d ${fishQuoted(summary)}`),
      ...flags.map((flag) => {
        const offered = flag.values.length === 0 ? ' -r -F' : ` -x -a ${fishQuoted(flag.values.join(' '))}`;
        return `${at} -l ${flag.name}${flag.takesValue ? offered : ' -f'} -d ${fishQuoted(flag.summary)}`;
      }),
    ];
  });
  return `# Completion of ${bin} for fish. Save it: ${bin} completion fish > ~/.config/fish/completions/${bin}.fish
function ${name}_at
  set -l place
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and break
    set -a place $word
  end
  test "$place" = "$argv"
end
complete -c ${bin} -f
${lines.join('\n')}
`;
}

/** A case for each flag that takes a value, by place; flags that mean the same at every place stand there each time. */
function valueCases(places: readonly Place[], body: (values: readonly string[]) => string): readonly string[] {
  return places.flatMap(({ words, flags }) =>
    flags.filter((flag) => flag.takesValue).map((flag) => `    ${shellQuoted(`${words}|--${flag.name}`)}) ${body(flag.values)} ;;`),
  );
}

function functionName(bin: string): string {
  return `_${bin.replaceAll(/\W/g, '_')}`;
}

/** Within single quotes fish knows two escapes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}
