import { basename } from 'node:path'
import type { Command } from './deps.ts'

/** What stands in a prompt: nothing that a shell would expand there. */
const plain = (text: string): string => text.replace(/[^\w.:/@+=, -]/g, '_')

/** `[gitsudo aws prod-admin until 13:00Z]` */
export const markOf = (provider: string, role: string, endsAt: number): string =>
  `[gitsudo ${plain(provider)} ${plain(role)} until ${new Date(endsAt).toISOString().slice(11, 16)}Z]`

/**
 * How a shell is started so that it marks its prompt after everything that its user's own files say of it. `mark`:
 * from `markOf`. A shell that nobody here knows is started as it is, without a mark.
 */
export const startup = (
  shell: string,
  mark: string,
  env: Readonly<Record<string, string | undefined>>,
): Pick<Command, 'command' | 'args' | 'env' | 'files'> => {
  switch (basename(shell)) {
    case 'bash':
      return {
        ...throughSh(shell, 'exec "$1" --rcfile "$GITSUDO_STARTUP" -i'),
        env,
        files: { GITSUDO_STARTUP: bash(mark) },
      }
    case 'zsh':
      return {
        ...throughSh(
          shell,
          'ZDOTDIR=$(dirname "$GITSUDO_STARTUP") && export ZDOTDIR && mv "$GITSUDO_STARTUP" "$ZDOTDIR/.zshrc" && exec "$1" -i',
        ),
        env: { ...env, GITSUDO_ZDOTDIR: env.ZDOTDIR },
        files: { GITSUDO_STARTUP: zsh(mark) },
      }
    case 'fish':
      return { command: shell, args: ['-i', '-C', fish(mark)], env, files: {} }
    case 'sh':
    case 'dash':
    case 'ash':
    case 'ksh':
    case 'mksh':
      return {
        command: shell,
        args: ['-i'],
        env: { ...env, GITSUDO_ENV: env.ENV },
        files: { ENV: posix(mark) },
      }
    default:
      return { command: shell, args: [], env, files: {} }
  }
}

/** Where the startup file lies is known only once the command runs. */
const throughSh = (shell: string, script: string) => ({
  command: '/bin/sh',
  args: ['-c', script, 'sh', shell],
})

/** Before each prompt, because frameworks write it anew each time; bash 5.1 and later take a list of commands there. */
const bash = (mark: string): string => `[ -r ~/.bashrc ] && . ~/.bashrc
__gitsudo_mark() { case "\${PS1-}" in '${mark}'*) ;; *) PS1='${mark} '"\${PS1-}" ;; esac; }
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then PROMPT_COMMAND+=(__gitsudo_mark)
else PROMPT_COMMAND="\${PROMPT_COMMAND-}"$'\\n'__gitsudo_mark; fi
`

const zsh = (mark: string): string => `__gitsudo_home=\${GITSUDO_ZDOTDIR:-$HOME}
[[ $HISTFILE == $ZDOTDIR/* ]] && HISTFILE=$__gitsudo_home/.zsh_history
ZDOTDIR=$__gitsudo_home
[[ -r $ZDOTDIR/.zshenv ]] && source $ZDOTDIR/.zshenv
[[ -r $ZDOTDIR/.zshrc ]] && source $ZDOTDIR/.zshrc
__gitsudo_mark() { [[ $PS1 == '${mark}'* ]] || PS1='${mark} '$PS1 }
precmd_functions+=(__gitsudo_mark)
`

const fish = (mark: string): string => `functions --query fish_prompt; or function fish_prompt; echo '> '; end
functions --copy fish_prompt __gitsudo_prompt
function fish_prompt; echo -n '${mark} '; __gitsudo_prompt; end`

/** Nothing runs before each prompt in these. */
const posix = (mark: string): string => `[ -r "\${GITSUDO_ENV-}" ] && . "$GITSUDO_ENV"
PS1='${mark} '"\${PS1-$ }"
`
