"""Great Expectations over the profiles of raw exports. It is imported here and nowhere else: that takes seconds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.metadata_types import FailureSeverity

from ai_unit_economics.conformance.raw import RawSource, read_seed, snake_case

SEVERITIES = {"error": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
ROW_KINDS = ("not_null", "row", "file", "source_change")
SUM_KINDS = ("invoice", "commitment")


@dataclass(frozen=True)
class Result:
    """One expectation, put to one batch."""

    source: str
    batch: str
    rule_id: str
    column_name: str
    severity: str
    expectation: str
    success: bool
    element_count: int
    unexpected_count: int
    violating_rows: int | None
    example: str | None


class Validator:
    """A context without files of its own, and the Data Docs site that it writes."""

    def __init__(self, project: Path, docs: Path) -> None:
        self.rules = read_seed(project, "reference/focus_conformance_rules.csv")
        self.currencies = [row["currency"] for row in read_seed(project, "reference/currencies.csv")]
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = {"globally": False}
        for site in self.context.get_site_names():
            self.context.delete_data_docs_site(site)
        self.context.add_data_docs_site(
            site_name="focus",
            site_config={
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )
        self.datasource = self.context.data_sources.add_pandas("raw exports")

    def validate(self, source: RawSource) -> list[Result]:
        """The suite of a source, batch by batch: values, files, and sums where there are any that can be compared."""
        findings = source.findings()
        results = []
        for batch, rows, expectations in (self._values(source), self._files(source), self._sums(source)):
            if rows and expectations:
                results += self._run(
                    source.source, batch, pd.DataFrame(rows), expectations, findings, source.relative_paths
                )
        return results

    def build_docs(self) -> None:
        self.context.build_data_docs()

    def _about(self, rule: dict[str, str]) -> dict[str, object]:
        return {
            "severity": SEVERITIES[rule["severity"]],
            "meta": {key: rule[key] for key in ("rule_id", "column_name", "severity")},
            "description": f"{rule['rule']}. {rule['reason']}. ({rule['severity']}; {rule['specification']})",
        }

    def _values(self, source: RawSource) -> tuple[str, list[dict[str, object]], list[gxe.Expectation]]:
        rules = [rule for rule in self.rules if rule["check_kind"] in ("allowed_values", "currency")]
        rows = source.distinct_values([snake_case(rule["column_name"]) for rule in rules])
        filled = {name for row in rows for name, value in row.items() if value is not None}
        return (
            "values",
            rows,
            [
                gxe.ExpectColumnValuesToBeInSet(
                    column=snake_case(rule["column_name"]),
                    value_set=self.currencies
                    if rule["check_kind"] == "currency"
                    else rule["allowed_values"].split("|"),
                    **self._about(rule),
                )
                for rule in rules
                if snake_case(rule["column_name"]) in filled
            ],
        )

    def _files(self, source: RawSource) -> tuple[str, list[dict[str, object]], list[gxe.Expectation]]:
        # staging looks at every row for what it would have to change
        unchanged = {rule["rule_id"]: 0 for rule in self.rules if rule["check_kind"] == "source_change"}
        rows = [{**unchanged, **profile} for profile in source.file_profiles()]
        counted = {name for row in rows for name in row}
        expectations: list[gxe.Expectation] = [
            gxe.ExpectColumnValuesToBeBetween(column=rule["rule_id"], min_value=0, max_value=0, **self._about(rule))
            for rule in self.rules
            if rule["check_kind"] in ROW_KINDS and rule["rule_id"] in counted
        ]
        return "files", rows, expectations

    def _sums(self, source: RawSource) -> tuple[str, list[dict[str, object]], list[gxe.Expectation]]:
        rows = source.balances()
        subjects = {row["rule_id"] for row in rows}
        wide = [{row["rule_id"]: row["beyond_tolerance"], "subject": row["subject"]} for row in rows]
        return (
            "sums",
            wide,
            [
                gxe.ExpectColumnValuesToBeBetween(column=rule["rule_id"], min_value=0, max_value=0, **self._about(rule))
                for rule in self.rules
                if rule["check_kind"] in SUM_KINDS and rule["rule_id"] in subjects
            ],
        )

    def _run(
        self,
        source: str,
        batch: str,
        frame: pd.DataFrame,
        expectations: list[gxe.Expectation],
        findings: dict[str, dict[str, object]],
        relative_paths: dict[str, str],
    ) -> list[Result]:
        name = f"{source} {batch}"
        suite = self.context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
        definition = self.context.validation_definitions.add(
            gx.ValidationDefinition(
                name=name,
                data=self.datasource.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all"),
                suite=suite,
            )
        )
        index = "file" if "file" in frame else "subject" if "subject" in frame else None
        answer = definition.run(
            batch_parameters={"dataframe": frame},
            result_format={
                "result_format": "COMPLETE",
                "return_unexpected_index_query": False,
                **({"unexpected_index_column_names": [index]} if index else {}),
            },
        )
        results = []
        for item in answer.results:
            meta = item.expectation_config.meta
            unexpected = item.result.get("partial_unexpected_list") or []
            places = item.result.get("unexpected_index_list") or []
            finding = findings.get(meta["rule_id"], {})
            example = places[0][index] if index and places else (unexpected[0] if unexpected else None)
            if finding.get("example_row"):
                example = f"{relative_paths[finding['example_source_file']]}, row {finding['example_row']}"
                example += f": {finding['example_value']}" if finding["example_value"] else ""
            results.append(
                Result(
                    source=source,
                    batch=batch,
                    rule_id=meta["rule_id"],
                    column_name=meta["column_name"],
                    severity=meta["severity"],
                    expectation=item.expectation_config.type,
                    success=bool(item.success),
                    element_count=int(item.result.get("element_count") or 0),
                    unexpected_count=int(item.result.get("unexpected_count") or 0),
                    violating_rows=None if batch == "sums" else finding.get("violating_count"),
                    example=None if item.success else str(example),
                )
            )
        return results
