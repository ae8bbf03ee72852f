/** Does one thing after another, however the one before it ended: of a failure only who asked for it hears. */
export const inTurn = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}

export type Turns = <T>(key: number, work: () => Promise<T>) => Promise<T>

/** The same by key: what is done for one does not wait for another. */
export const inTurnBy = (): Turns => {
  const turns = new Map<number, ReturnType<typeof inTurn>>()
  return (key, work) => {
    const turn = turns.get(key) ?? inTurn()
    turns.set(key, turn)
    return turn(work)
  }
}
