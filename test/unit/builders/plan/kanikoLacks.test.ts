import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../../builders/images/dockerfile.ts";
import { kanikoExecutor } from "../../../../builders/plan/kanikoExecutor.ts";
import { kanikoLacks, type Surroundings } from "../../../../builders/plan/kanikoLacks.ts";

const surroundings: Surroundings = {
  abilities: kanikoExecutor("pergola.local/kaniko:1.25.5").abilities,
  buildArgs: {},
  platform: "linux/amd64",
  context: null,
};

const lacks = (
  text: string,
  buildArgs: Record<string, string> = {},
  context: Surroundings["context"] = null,
  executor = "pergola.local/kaniko:1.25.5",
): string[] =>
  kanikoLacks(parseDockerfile(text), {
    ...surroundings,
    abilities: kanikoExecutor(executor).abilities,
    buildArgs,
    context,
  }).map(({ line, what }) => `${line} ${what}`);

describe("what kaniko would silently build otherwise", () => {
  it.each<[string, string[]]>([
    ["COPY --exclude=*.md . /a/", ["2 COPY --exclude=*.md"]],
    ["COPY --parents a b/c /a/", ["2 COPY --parents"]],
    ["COPY --parents=false a /a/", []],
    ["COPY --link --chown=1:2 a /a", []],
    ["ADD --checksum=sha256:00 https://h/f /f", ["2 ADD --checksum=sha256:00"]],
    ["ADD --unpack=true https://h/f.tar /f", ["2 ADD --unpack=true"]],
    ["ADD https://h/x.git#main /src", ["2 ADD https://h/x.git#main"]],
    ["ADD git@h:x.git /src", ["2 ADD git@h:x.git"]],
    ["ADD https://h/file.tar /src", []],
    ["ADD --chmod=600 https://h/file /file", []],
    ["ADD --chown=1:2 a.tar /a", ["2 ADD --chown a.tar"]],
    ["RUN --network=none true", ["2 RUN --network=none"]],
    ["RUN --network=default true", []],
    ["RUN --security=insecure true", ["2 RUN --security=insecure"]],
    ["ONBUILD RUN --network=none true", ["2 RUN --network=none"]],
    ["HEALTHCHECK --start-interval=1s CMD true", ["2 HEALTHCHECK --start-interval=1s"]],
    ["HEALTHCHECK --interval=1s CMD true", []],
    ["EXPOSE 80 8000-8002/udp", ["2 EXPOSE 8000-8002/udp"]],
    ["COPY --chmod=4755 a /a", ["2 COPY --chmod=4755"]],
    ["COPY --chmod=u+x a /a", ["2 COPY --chmod=u+x"]],
    ["COPY --chmod=0755 a /a", []],
    ["ARG MODE=4755\nCOPY --chmod=$MODE a /a", ["3 COPY --chmod=4755"]],
    ["COPY --chown=app a /a", ["2 COPY --chown=app"]],
    ["COPY --chown=:50 a /a", ["2 COPY --chown=:50"]],
    ["COPY --chown=1000 a /a\nCOPY --chown=root a /b\nCOPY --chown=app:app a /c", []],
    ["COPY hosts /etc/hosts", ["2 COPY to /etc/hosts"]],
    ["COPY hosts /etc/", ["2 COPY to /etc/hosts"]],
    ["COPY a /proc/x", ["2 COPY to /proc/x"]],
    ["COPY a /process/x", []],
    ["VOLUME /data\nCOPY a /data/a", ["3 COPY to /data/a after VOLUME /data"]],
    ['VOLUME ["/a b", "/data/"]\nRUN touch /data/x', ["3 RUN with /data/ after VOLUME /data/"]],
    ["RUN touch /data/x\nCOPY a /data/\nVOLUME /data", []],
    ["USER app:staff\nRUN true\nRUN true", ["2 RUN after USER app:staff"]],
    ["RUN true\nUSER app:staff\nCMD true", []],
    ["USER app\nRUN true", []],
    ["USER root:root\nRUN true\nUSER 0:0\nRUN true\nUSER 0:root\nRUN true\nUSER root:0\nRUN true", []],
    ["USER root:staff\nRUN true", ["2 RUN after USER root:staff"]],
    ["USER node:node\nRUN true", ["2 RUN after USER node:node"]],
    ["VOLUME /app\nRUN make /application /srv/app /app.js ./app /app-x", []],
    ["VOLUME /app\nRUN cd '/app' && true", ["3 RUN with /app after VOLUME /app"]],
    ["VOLUME /app\nRUN x --to=/app/y", ["3 RUN with /app after VOLUME /app"]],
    ["VOLUME /app\nRUN true \\\n  # see /app\n && true # then /app", []],
    ['VOLUME /app\nRUN echo "a # b" \\\n > /app/x', ["3 RUN with /app after VOLUME /app"]],
    ["ENV D=/data\nVOLUME $D\nRUN echo x > $D/x", ["4 RUN with /data after VOLUME /data"]],
    ["ARG P=/\nVOLUME /data\nRUN echo x > ${P}data/x$UNKNOWN", ["4 RUN with /data after VOLUME /data"]],
    ["VOLUME /app\nWORKDIR /app\nCOPY a b ./", ["4 COPY to ./ after VOLUME /app"]],
    ["VOLUME /app\nWORKDIR /\nWORKDIR app/sub\nCOPY a .", ["5 COPY to . after VOLUME /app"]],
    ["VOLUME /app\nWORKDIR /app/sub\nWORKDIR ../../lib\nCOPY a .\nRUN true", []],
    ["VOLUME /app\nWORKDIR /app\nRUN true", ["4 RUN in WORKDIR /app after VOLUME /app"]],
    ["WORKDIR sub\nCOPY dev dev\nCOPY a $HOME/dev", []],
    ["WORKDIR /etc\nCOPY hosts .", ["3 COPY to /etc/hosts"]],
    ["WORKDIR /etc\nFROM busybox\nCOPY hosts .", []],
    ["FROM scratch AS a\nWORKDIR etc\nFROM a\nCOPY hosts .", ["5 COPY to /etc/hosts"]],
    ["COPY --from=busybox /etc/hosts /etc/", ["2 COPY to /etc/hosts"]],
    ["VOLUME /data\nCOPY --from=busybox /data /\nCOPY dev/ /\nCOPY sys /", []],
  ])("%j", (text, expected) => {
    expect(lacks(`FROM busybox\n${text}\n`)).toEqual(expected);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ["FROM a AS x\nARG V=1\nFROM b\nRUN echo $V", {}, ["4 RUN with $V"]],
    ["FROM a AS x\nARG V=1\nFROM b\nRUN echo ${V:-none}", {}, ["4 RUN with $V"]],
    ["FROM a AS x\nARG V\nFROM b\nRUN echo $V", { V: "given" }, ["4 RUN with $V"]],
    ["FROM a AS x\nARG V\nFROM b\nRUN echo $V", {}, []],
    ["FROM a AS x\nARG V=1\nFROM b\nLABEL v=$V", {}, ["4 LABEL with $V"]],
    ["FROM a AS x\nARG V=1\nFROM b\nARG V", {}, ["4 ARG V"]],
    ["FROM a AS x\nARG V=1\nFROM b\nARG V=2\nRUN echo $V", {}, []],
    ["FROM a AS x\nARG V=1\nFROM b\nENV V=2\nRUN echo $V", {}, []],
    ["FROM a AS x\nARG V=1\nFROM b\nRUN V=2; echo $V", {}, []],
    ["FROM a AS x\nARG V=1\nFROM b\nRUN for V in 1 2; do echo $V; done", {}, []],
    ["FROM a AS x\nARG V=1\nFROM b\nRUN echo $VERSION", {}, []],
    ["FROM a AS x\nARG V=1\nFROM x\nRUN echo $V", {}, []],
    ["ARG V=1\nFROM a AS x\nARG V\nFROM b\nARG V\nRUN echo $V", {}, []],
    ["ARG V=1\nFROM a AS x\nARG V=2\nFROM b\nARG V", {}, ["5 ARG V"]],
    ["FROM a AS x\nARG V=1\nFROM b\nARG V", { V: "given" }, []],
  ])("arguments of other stages: %j with %j", (text, buildArgs, expected) => {
    expect(lacks(text, buildArgs)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ["COPY link /a", ["2 COPY link"]],
    ["COPY ./link/inner /a", ["2 COPY ./link/inner"]],
    ["COPY *.txt /a/", ["2 COPY *.txt"]],
    ["ADD link /a", ["2 ADD link"]],
    ["COPY . /a", []],
    ["COPY sub /a", []],
    ["COPY --from=busybox link /a", []],
    ["COPY *.md /a/", ["2 COPY *.md"]],
    ["COPY *.md plain* /a/", []],
    ["COPY pla[hi]n s?b/* /a/", ["2 COPY s?b/*"]],
    ["COPY .h* /a/", []],
    ["COPY [op]* /a/", ["2 COPY [op]*"]],
    ["COPY [p]* /a/", []],
    ['COPY ["*.md", "/a/"]', ["2 COPY *.md"]],
    ['VOLUME ["/v"]\nCOPY plain /v/', ["3 COPY to /v/ after VOLUME /v"]],
    ["COPY missing /a/", []],
    ['COPY --chown=1:1 ["x y.txt", "one.txt", "/a/"]', ["2 COPY one.txt"]],
    ["COPY --from=busybox *.md /a/", []],
  ])("links of the context, and patterns that find nothing: %j", (text, expected) => {
    const links = ["link", "one.txt", "sub/link"].map((path) => ({ path, type: "symlink" as const }));
    const context = [...links, ...["plain", ".hidden"].map((path) => ({ path, type: "file" as const }))];
    expect(lacks(`FROM busybox\n${text}\n`, {}, context)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ["COPY dev/ /", []],
    ["COPY dev /", []],
    ["COPY config/proc /", []],
    ["COPY . /", ["2 COPY to /dev/settings"]],
    ["COPY config /", ["2 COPY to /proc/settings"]],
    ["COPY conf* /", ["2 COPY to /proc/settings"]],
    ["COPY conf* /app/", []],
    ["COPY files/sys /", ["2 COPY to /sys"]],
    ["COPY files /", ["2 COPY to /sys"]],
    ["COPY rootfs/ /", ["2 COPY to /etc/hosts"]],
    ["COPY rootfs/etc /", []],
    ["COPY rootfs/etc/ho* /etc", ["2 COPY to /etc/hosts"]],
    ["COPY empty /", []],
    ["VOLUME /data\nCOPY data /", []],
    ["VOLUME /data\nCOPY app /", ["3 COPY to / after VOLUME /data"]],
    ["VOLUME /app/data\nCOPY app /app", ["3 COPY to /app after VOLUME /app/data"]],
    ["VOLUME /app/data\nCOPY app/main /app/", []],
    ["VOLUME /proc\nCOPY empty /", []],
    ["VOLUME /app\nWORKDIR /app\nCOPY . .", ["4 COPY to . after VOLUME /app"]],
    ["VOLUME /main\nCOPY app/main /", ["3 COPY to / after VOLUME /main"]],
  ])("files and directories of the context: %j", (text, expected) => {
    const directories = ["dev", "config", "config/proc", "files", "rootfs", "rootfs/etc", "empty", "empty/proc"];
    const files = ["dev/settings", "config/proc/settings", "files/sys", "rootfs/etc/hosts", "app/data/seed.db"];
    const context = [
      ...[...directories, "app", "app/data", "data"].map((path) => ({ path, type: "directory" as const })),
      ...[...files, "app/main", "data/a"].map((path) => ({ path, type: "file" as const })),
    ];
    expect(lacks(`FROM busybox\n${text}\n`, {}, context)).toEqual(expected);
  });

  it("says what to write where the group is the user's own", () => {
    expect(kanikoLacks(parseDockerfile("FROM a\nUSER node:node\nRUN true"), surroundings)[0]?.why).toMatch(
      /write USER node\.$/,
    );
  });

  it.each<[string, string, boolean]>([
    ["linux/arm64/v8", "linux/arm64", true],
    ["linux/arm64", "linux/arm64/v8", true],
    ["linux/aarch64", "linux/arm64", true],
    ["linux/x86_64", "linux/amd64", true],
    ["linux/arm", "linux/arm/v7", true],
    ["linux/arm/v6", "linux/arm/v7", false],
    ["linux/amd64/v3", "linux/amd64", false],
  ])("a base for %s where %s is built for: %j", (asked, platform, same) => {
    const found = kanikoLacks(parseDockerfile(`FROM --platform=${asked} a`), { ...surroundings, platform });
    expect(found.length === 0).toBe(same);
  });

  it.each<[string, string[]]>([
    ["FROM --platform=linux/arm64 a", ["1 FROM --platform=linux/arm64"]],
    ["FROM --platform=linux/amd64 a", []],
    ["FROM --platform=$BUILDPLATFORM a", []],
    ["ARG P=linux/arm64\nFROM --platform=$P a", ["2 FROM --platform=$P"]],
    ["# escape=`\nFROM a", ["1 escape=`"]],
    ["# escape=\\\nFROM a", []],
  ])("the head of the file: %j", (text, expected) => {
    expect(lacks(text)).toEqual(expected);
  });

  it("arguments that end with their stage are no reason", () => {
    const text = "FROM a AS x\nARG V=1\nFROM b\nARG V\nRUN echo $V";
    expect(lacks(text)).toEqual(["4 ARG V"]);
    expect(lacks(text, {}, null, "ghcr.io/osscontainertools/kaniko:v1.27.3")).toEqual([]);
  });
});
