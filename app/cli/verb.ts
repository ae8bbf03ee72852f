import type { CliDeps } from './deps.ts'
import { Failure } from './failure.ts'

/** As commander writes it: `--reason <text>`, `-q, --quiet`. */
export type Option = {
  readonly flags: string
  readonly summary: string
  readonly required?: boolean
  /** May be given again: `list` reads it. */
  readonly repeat?: boolean
}

/** A command as data: program.ts hangs it into the tree by its name, docs/cli.md lists it. */
export type Verb = {
  /** `audit verify` is `verify` below `audit`. */
  readonly name: string
  readonly summary: string
  /** `<id>`, `[file]`, `[command...]`. */
  readonly words?: readonly string[]
  readonly options: readonly Option[]
  /** Talks to the service: takes --server, --token and --repo too. */
  readonly remote: boolean
  /** Takes --output json; false where it means something else or nothing. */
  readonly json: boolean
  /** Answers the exit status. */
  run(deps: CliDeps, args: Args): Promise<number>
}

/** What stood on the command line, after commander. */
export type Args = {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly output: 'table' | 'json'
}

export function text({ options }: Args, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What an option with `repeat` was given, in order. */
export function list({ options }: Args, name: string): readonly string[] {
  const value = options[name]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string' && one !== '') : []
}

export function flag({ options }: Args, name: string): boolean {
  return options[name] === true
}

/** For what commander has already made sure of. */
export function need(args: Args, name: string): string {
  const value = text(args, name)
  if (value === undefined) throw new Failure('usage', `--${name} is missing.`, `write --${name} VALUE`)
  return value
}

export function word({ words }: Args, index: number): string {
  const value = words[index]
  if (value === undefined)
    throw new Failure('usage', 'An argument is missing.', 'gitsudo help COMMAND shows them')
  return value
}
