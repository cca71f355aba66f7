/** Which steps of a builder count: those that make files of the image, or find them in the cache. */

const INSTRUCTION = /^(?:\[(?:[^\]]* )?\d+\/\d+\] )?(?:FROM|RUN|COPY|ADD|WORKDIR) /;

/**
 * Whether a step, as its builder names it ("[build 2/3] RUN make", kaniko: "RUN make"), is one of the Dockerfile's FROM, RUN,
 * COPY, ADD and WORKDIR. Other instructions only change the image's configuration, and builders have steps of their own.
 */
export function isDockerfileStep(name: string): boolean {
  return INSTRUCTION.test(name);
}
