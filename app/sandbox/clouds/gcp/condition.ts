export type Condition = {
  readonly title?: string
  readonly description?: string
  readonly expression?: string
}

const clause = /^request\.time (<|<=|>|>=) timestamp\("([^"]{1,40})"\)$/

/** The clauses of an expression; undefined: none that this double understands. CEL has much more. */
const clausesOf = (expression: string) => {
  const clauses = expression.split(' && ').map((text) => {
    const [, sign, stamp] = clause.exec(text) ?? []
    const at = Date.parse(stamp ?? '')
    return sign === undefined || Number.isNaN(at) ? undefined : { sign, at }
  })
  return clauses.every((one) => one !== undefined) ? clauses : undefined
}

export const isExpression = (expression: string): boolean =>
  expression === 'true' || clausesOf(expression) !== undefined

/** Whether it lets somebody in at `now` (epoch ms). */
export const holds = (expression: string, now: number): boolean =>
  expression === 'true' ||
  (clausesOf(expression) ?? []).every(({ sign, at }) =>
    sign.startsWith('<')
      ? now < at || (sign === '<=' && now === at)
      : now > at || (sign === '>=' && now === at),
  )
