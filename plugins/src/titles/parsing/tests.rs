//! Parsing of invented titles.

use jiff::civil::Date;
use proptest::prelude::*;

use super::movie::movie;
use super::quality::Quality;
use super::series::{is_of_series, series};

const TODAY: Date = jiff::civil::date(2026, 11, 24);

#[test]
fn series_are_told_by_their_numbers() {
    for (title, name, id, kind) in [
        ("Green.Lantern.Street.S01E02.720p.HDTV.x264-CREW", "Green Lantern Street", "S01E02", "ep"),
        ("green lantern street s1e2", "green lantern street", "S01E02", "ep"),
        ("Green Lantern Street [S03] [E04]", "Green Lantern Street", "S03E04", "ep"),
        ("Green Lantern Street - Season 3, Episode 12", "Green Lantern Street", "S03E12", "ep"),
        ("Green Lantern Street Season2 Episode5", "Green Lantern Street", "S02E05", "ep"),
        ("Green Lantern Street Series 2 3of6", "Green Lantern Street", "S02E03", "ep"),
        ("Green.Lantern.Street.S5.The.Long.Night.Part2", "Green Lantern Street", "S05E02", "ep"),
        ("Green.Lantern.Street.Season.3.Part.IX", "Green Lantern Street", "S03E09", "ep"),
        ("Green Lantern Street 2 x 14", "Green Lantern Street", "S02E14", "ep"),
        ("Green.Lantern.Street.12x03", "Green Lantern Street", "S12E03", "ep"),
        ("Green.Lantern.Street.S2019E07.720p", "Green Lantern Street", "S2019E07", "ep"),
        ("Green.Lantern.Street.S00E03.720p", "Green Lantern Street", "S00E03", "ep"),
        ("Green.Lantern.Street.S04E01E02.720p", "Green Lantern Street", "S04E01-E02", "ep"),
        ("Green.Lantern.Street.S04E01-E03", "Green Lantern Street", "S04E01-E03", "ep"),
        ("Green.Lantern.Street.4x05-06", "Green Lantern Street", "S04E05-E06", "ep"),
        ("Green.Lantern.Street.S04.1080p.BluRay-CREW", "Green Lantern Street", "S04", "ep"),
        ("Green Lantern Street - Season 4 - Complete", "Green Lantern Street", "S04", "ep"),
        ("Green.Lantern.Street.2xALL.720p", "Green Lantern Street", "S02", "ep"),
        ("Green.Lantern.Street.2024.05.03.Guest.1080p", "Green Lantern Street", "2024-05-03", "date"),
        ("Green Lantern Street 05-31-2024", "Green Lantern Street", "2024-05-31", "date"),
        ("Green Lantern Street 4.3.19 720p", "Green Lantern Street", "2019-04-03", "date"),
        ("Green Lantern Street (21st june 2015)", "Green Lantern Street", "2015-06-21", "date"),
        ("Green.Lantern.Street.2013x04.09", "Green Lantern Street", "2013-04-09", "date"),
        ("[Crew] Hoshi no Umi - 07 (1080p) [0A1B2C3D].mkv", "Hoshi no Umi", "7", "sequence"),
        ("[Crew]_Hoshi_no_Umi_-_107v2_[720p]", "Hoshi no Umi", "107", "sequence"),
        ("Hoshi no Umi 63 [0A1B2C3D]", "Hoshi no Umi", "63", "sequence"),
        ("[Crew] Hoshi no Umi S2 - 05 (1080p)", "Hoshi no Umi", "S02E05", "ep"),
        ("Green.Lantern.Street.S07.Special.Behind.It.720p", "Green Lantern Street", "s07 behind it", "special"),
    ] {
        let told = series(title, TODAY).map(|told| (told.name, told.id.to_string(), told.id.kind()));
        assert_eq!(told, Some((name.to_owned(), id.to_owned(), kind)), "{title}");
    }
}

#[test]
fn names_of_series_keep_their_numbers_and_lose_the_rest() {
    for (title, name, year) in [
        ("88.S01E01.720p", "88", None),
        ("7-6-5.S01E01.720p", "7-6-5", None),
        ("The 400 S03E07 HDTV", "The 400", None),
        ("Harbour.1926.S01E01", "Harbour 1926", None),
        ("Harbour (1986) S01E01", "Harbour 1986", Some(1986)),
        ("Harbour (AT) - The Ship S02E09", "Harbour AT", None),
        ("Harbour - North - S02E09 - The Ship", "Harbour - North", None),
        ("Harbour: North S02E09", "Harbour North", None),
        ("[Crew] Harbour.S01E01", "Harbour", None),
        ("[720p][Crew] Harbour.S01E01", "Harbour", None),
        ("HD 1080p: Harbour S01E01", "Harbour", None),
        ("harbour 720p repack s01e01", "harbour", None),
        ("The.Web.of.Camden.S01E01.720p", "The Web of Camden", None),
        ("Gräfin.Ölmühle.s01e02", "Gräfin Ölmühle", None),
    ] {
        let told = series(title, TODAY).map(|told| (told.name, told.year));
        assert_eq!(told, Some((name.to_owned(), year)), "{title}");
    }
}

#[test]
fn what_is_not_one_part_of_a_series_is_not_taken_for_one() {
    for (title, of_series) in [
        ("Harbour.1080p.WEB-DL.x264", false),
        ("Harbour.Part.2.720p", false),
        ("Harbour: Episode IV - The Ship", false),
        ("Harbour.Apt.1", false),
        ("Harbour 13", false),
        ("Harbour.13.HDTV-CREW", false),
        ("Harbour - 11 (2009)", false),
        ("Harbour 1280x720 DD5.1", false),
        ("Harbour 2049-01-01", false),
        ("Date Series 2010", false),
        ("S01E02", false),
        ("Harbour.S01D2.DVDR", true),
        ("Harbour.S01-S05.720p", true),
        ("Harbour S01-03", true),
        ("Harbour Seasons 1 & 2", true),
        ("Harbour_Season_1_Full_Season_2_EP_1-7", true),
        ("Harbour S6 E1-9", true),
        ("Harbour.S04E05-09", true),
        ("Harbour.1x00.Complete", true),
    ] {
        assert_eq!(series(title, TODAY), None, "{title}");
        assert_eq!(is_of_series(title, TODAY), of_series, "{title}");
    }
}

#[test]
fn movies_are_told_by_name_and_year() {
    for (title, name, year) in [
        ("Paper.Boats.2011.1080p.BluRay.x264-CREW", "Paper Boats", Some(2011)),
        ("Paper Boats (2011)", "Paper Boats", Some(2011)),
        ("Paper_Boats_(2011)_[720p,HDTV,x264]-CREW", "Paper Boats", Some(2011)),
        ("Paper.Boats[2011]DvDrip[Eng]-CREW", "Paper Boats", Some(2011)),
        ("[Crew]Paper.Boats.2011.720p", "Paper Boats", Some(2011)),
        ("[720p] Paper.Boats.2011.something.x264", "Paper Boats", Some(2011)),
        ("Paper Boats [1080p] [5.1]", "Paper Boats", None),
        ("Paper-Boats 720p", "Paper-Boats", None),
        ("paper-boats-2011-720p", "paper boats", Some(2011)),
        ("Paper.Boats.3D.2011.1080p", "Paper Boats", Some(2011)),
        ("Paper.Boats.EXTENDED.CUT.1080p", "Paper Boats", None),
        ("Paper.Boats.GERMAN.720p", "Paper Boats", None),
        ("Paper.Boats.REPACK.720p", "Paper Boats", None),
        ("Paper: Boats and (Other) Ships (2011)", "Paper: Boats and Other Ships", Some(2011)),
        ("The Extended Journey (2011)", "The Extended Journey", Some(2011)),
        ("The Special Web 2011 720p", "The Special Web", Some(2011)),
        ("Cam.2011.720p", "Cam", Some(2011)),
        ("1933.2011.720p", "1933", Some(2011)),
        ("2011 (2019)", "2011", Some(2019)),
        ("Journey 2061 2011 720p", "Journey 2061", Some(2011)),
        ("Journey 2061 720p", "Journey 2061", None),
        ("Journey of 1974 (2011) 720p", "Journey of 1974", Some(2011)),
        ("Journey 2 Part 3", "Journey 2 Part 3", None),
        ("1974", "1974", None),
        ("", "", None),
    ] {
        let told = movie(title);
        assert_eq!((told.name.as_str(), told.year), (name, year), "{title}");
    }
}

#[test]
fn qualities_have_the_names_of_flexget() {
    for (title, quality) in [
        ("A.File.720p", "720p"),
        ("A.File.1920x1080", "1080p"),
        ("A.File.4K", "2160p"),
        ("A.File.1080p50", "1080p"),
        ("A.File.480.pdtv", "480p sdtv"),
        ("A.File.web", "webdl"),
        ("A.File.WEB-DL", "webdl"),
        ("A.File.web_rip", "webrip"),
        ("A.File.Blu-Ray.Rip", "bluray"),
        ("A.File.BDRip", "bluray"),
        ("A.File.HDCAM", "cam"),
        ("A.File.1080p.bluray.r5", "1080p r5"),
        ("A.File.dvd.screener", "dvdscr"),
        ("A.File.H.264", "h264"),
        ("A.File.x265", "h265"),
        ("A.File.AV1", "av1"),
        ("A.File.1080p.10-bit", "1080p 10bit"),
        ("A.File.HDR10+", "hdrplus"),
        ("A.File.DV.HDR", "hybrid_hdr"),
        ("A.File.DD5.1", "dd5.1"),
        ("A.File.DDP7.1", "dd+5.1"),
        ("A.File.DD+5.1", "dd+5.1"),
        ("A.File.DTS-HD.MA.5.1", "dtshd"),
        ("A.File.AAC2.0", "aac"),
        ("A.File.2160p.WEB-DL.DDP5.1.HDR.HEVC", "2160p webdl h265 hdr dd+5.1"),
        ("The.Web.of.Ts.2011.720p.HDTV", "720p hdtv"),
        ("Camera.of.Tsar", "unknown"),
    ] {
        assert_eq!(movie(title).quality.to_string(), quality, "{title}");
    }
    let ascending = ["480p", "720p", "720p hdtv", "720p bluray", "1080p", "1080p h264", "1080p h265", "2160p"];
    let qualities: Vec<Quality> = ascending.iter().map(|text| movie(&format!("A.File.{text}")).quality).collect();
    assert!(qualities.is_sorted() && qualities.windows(2).all(|pair| pair[0] < pair[1]), "{qualities:?}");
    assert!(movie("A.File.1080p.cam").quality < qualities[0], "a copy from a cinema is worse than any other");
}

#[test]
fn propers_and_groups_are_told() {
    for (title, propers, group) in [
        ("A.Show.S01E02.PROPER.720p.x264-CREW", 1, Some("CREW")),
        ("A.Show.S01E02.REAL.PROPER.720p-CREW.mkv", 2, Some("CREW")),
        ("A.Show.S01E02.The.Final.Hour.720p-CREW[site.org].mkv", 0, Some("CREW")),
        ("A.Show.S01E02.720p.WEB-DL", 0, None),
        ("[Crew] A Show - 12v3 (720p).mkv", 2, Some("Crew")),
    ] {
        let told = series(title, TODAY).map(|told| (told.propers, told.group));
        assert_eq!(told, Some((propers, group.map(str::to_owned))), "{title}");
    }
}

proptest! {
    #[test]
    fn any_title_is_read(title in r"(\PC{0,3}|[sSeExX0-9.\-\[\]() ]{0,9}|season |720p|WEB-DL|part ii|2012.1){0,6}") {
        let _ = series(&title, TODAY);
        let told = movie(&title);
        prop_assert!(told.name.len() <= title.len());
    }
}

#[test]
fn the_parsers_of_flexget_can_be_chosen() {
    use flexget_core::testing::config_errors;
    assert!(config_errors("parsing: { series: guessit, movie: internal }\nmetainfo_series: yes").is_empty());
    assert!(config_errors("parsing: { movie: guessit }\nmetainfo_movie: yes\nmetainfo_quality: no").is_empty());
    assert_eq!(config_errors("parsing: { movie: other }").len(), 1);
}

/// Each number and each word of a quality is compared with all the others.
#[test]
fn of_a_title_without_end_only_the_beginning_is_read() {
    for piece in ["5 ", "1080p ", " - 5 1080p ", "[a] ", "series 2 ", "(1999) "] {
        let title = format!("Lantern {}S01E02", piece.repeat(1_000_000));
        assert_ne!(series(&title, TODAY).map(|series| series.id.to_string()).as_deref(), Some("S01E02"), "{piece}");
        assert!(
            movie(&title).name.starts_with("Lantern") && Quality::of_title(&title).to_string().len() < 20,
            "{piece}"
        );
    }
    assert_eq!(series(&format!("{} S01E02", "Lantern ".repeat(60)), TODAY).unwrap().id.to_string(), "S01E02");
}
