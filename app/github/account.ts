import type { Account } from '../reconcile/ports/github.ts'

/** Whatever is neither a person nor an organisation (bots, mannequins of an import) counts as a bot: for nobody. */
export const accountOf = (said: {
  readonly id: number
  readonly login: string
  readonly type?: string
}): Account => ({
  id: said.id,
  login: said.login,
  type: said.type === 'User' || said.type === 'Organization' ? said.type : 'Bot',
})
