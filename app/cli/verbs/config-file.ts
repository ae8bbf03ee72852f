import { type Args, text } from '../verb.ts'

/** For verbs that run where the service's configuration and secrets are. */
export const configFile = {
  flags: '--config <file>',
  summary: 'instead of GITSUDO_CONFIG or /etc/gitsudo/gitsudo.yaml',
}

export const configOf = (args: Args): { readonly config?: string } => {
  const file = text(args, 'config')
  return file === undefined ? {} : { config: file }
}
